package web

import (
	"strconv"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const (
	encodingBrotli = "br"
	encodingGzip   = "gzip"
)

// chooseEncoding is the one of those offered, the best first, that an
// Accept-Encoding header (RFC 9110, section 12.5.3) gives the highest weight;
// empty where it takes none of them.
func chooseEncoding(header string, offered ...string) string {
	best, highest := "", 0.0
	for _, name := range offered {
		if w := weightOf(header, name); w > highest {
			best, highest = name, w
		}
	}
	return best
}

// weightOf is the weight that a header gives an encoding: by its name, or else by
// the star. A weight that is no number is none.
func weightOf(header, encoding string) float64 {
	weight := 0.0
	for part := range strings.SplitSeq(header, ",") {
		name, parameter, _ := strings.Cut(part, ";")
		name = strings.TrimSpace(name)
		named := strings.EqualFold(name, encoding)
		if !named && name != "*" {
			continue
		}
		q := 1.0
		if value, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameter), " ", ""), "q="); given {
			q, _ = strconv.ParseFloat(value, 64) // zero where it is no number
		}
		if named {
			return q
		}
		weight = q
	}
	return weight
}

// A File that we serve is compressed once for each encoding, when it is first asked
// for: a server that nobody manages just now spends neither time nor memory.
type File struct {
	Type   string // its Content-Type
	Plain  []byte
	brotli func() []byte
	gzip   func() []byte
}

// packLevel is brotli's: the highest that takes milliseconds for a script.
const packLevel = 9

// NewFile is a file of that Content-Type.
func NewFile(kind string, body []byte) *File {
	return &File{
		Type:  kind,
		Plain: body,
		brotli: sync.OnceValue(func() []byte {
			return fasthttp.AppendBrotliBytesLevel(nil, body, packLevel)
		}),
		gzip: sync.OnceValue(func() []byte {
			return fasthttp.AppendGzipBytesLevel(nil, body, fasthttp.CompressBestCompression)
		}),
	}
}

// In is the file in an encoding, br or gzip; plain in any other.
func (p *File) In(encoding string) []byte {
	switch encoding {
	case encodingBrotli:
		return p.brotli()
	case encodingGzip:
		return p.gzip()
	}
	return p.Plain
}

// Send answers with the file, in the encoding that the client likes best.
func (p *File) Send(c *fiber.Ctx) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, p.Type)
	encoding := chooseEncoding(c.Get(fiber.HeaderAcceptEncoding), encodingBrotli, encodingGzip)
	body := p.In(encoding)
	if len(body) >= len(p.Plain) {
		return c.Send(p.Plain)
	}
	c.Set(fiber.HeaderContentEncoding, encoding)
	return c.Send(body)
}

// compressFrom is the length of an answer, in bytes, from which compressing it is
// worth the time.
const compressFrom = 2048

// compressResponse compresses long answers of the API to a reader far away: lists.
// It leaves alone what answers a form or a change, which may hold a secret that
// was just made: the length of a compressed answer could tell of it.
func compressResponse(c *fiber.Ctx) {
	res := c.Response()
	if c.Method() != fiber.MethodGet || c.Locals(localKey) != nil || !compressible(res) {
		return
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if chooseEncoding(c.Get(fiber.HeaderAcceptEncoding), encodingGzip) == "" || len(res.Header.ContentEncoding()) > 0 {
		return
	}
	res.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, res.Body(), fasthttp.CompressBestSpeed))
	res.Header.SetContentEncoding(encodingGzip)
}

// compressible reports whether an answer is JSON, whole, and long enough.
func compressible(res *fasthttp.Response) bool {
	return res.StatusCode() == fiber.StatusOK &&
		!res.IsBodyStream() &&
		len(res.Body()) >= compressFrom &&
		strings.HasPrefix(string(res.Header.ContentType()), fiber.MIMEApplicationJSON)
}
