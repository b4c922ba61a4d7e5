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

// chooseEncoding returns the offered encoding, the best first, to which an
// Accept-Encoding header (RFC 9110, section 12.5.3) gives the highest weight;
// empty where the client accepts none.
func chooseEncoding(header string, offered ...string) string {
	best, highest := "", 0.0
	for _, name := range offered {
		if w := weightOf(header, name); w > highest {
			best, highest = name, w
		}
	}
	return best
}

// weightOf returns the weight that a header gives an encoding: by its name, or
// else by the star. A weight that is not a number counts as zero.
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
			q, _ = strconv.ParseFloat(value, 64) // zero where it is not a number
		}
		if named {
			return q
		}
		weight = q
	}
	return weight
}

// A File is compressed once for each encoding, when it is first requested: a
// server whose console nobody opens spends neither time nor memory on it.
type File struct {
	Type   string // its Content-Type
	plain  func() []byte
	brotli func() []byte // empty, like gzip, where it is not smaller
	gzip   func() []byte
}

// packLevel is the brotli level: the highest that takes only milliseconds for a
// script.
const packLevel = 9

// NewFile returns a file of that Content-Type.
func NewFile(kind string, body []byte) *File {
	return newFile(kind, func() []byte { return body }, func() []byte {
		return ifSmaller(fasthttp.AppendBrotliBytesLevel(nil, body, packLevel), body)
	})
}

// newFile returns a file whose content, as it is and in brotli, is read when it is first
// requested.
func newFile(kind string, plain, brotli func() []byte) *File {
	plain = sync.OnceValue(plain)
	return &File{
		Type:   kind,
		plain:  plain,
		brotli: sync.OnceValue(brotli),
		gzip: sync.OnceValue(func() []byte {
			return ifSmaller(fasthttp.AppendGzipBytesLevel(nil, plain(), fasthttp.CompressBestCompression), plain())
		}),
	}
}

func ifSmaller(compressed, plain []byte) []byte {
	if len(compressed) >= len(plain) {
		return nil
	}
	return compressed
}

// Plain returns the content uncompressed.
func (p *File) Plain() []byte { return p.plain() }

// In returns the content in an encoding, br or gzip; nothing where that is not
// smaller, and in any other encoding.
func (p *File) In(encoding string) []byte {
	switch encoding {
	case encodingBrotli:
		return p.brotli()
	case encodingGzip:
		return p.gzip()
	}
	return nil
}

// Send answers with the file, in the encoding that the client prefers.
func (p *File) Send(c *fiber.Ctx) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, p.Type)
	encoding := chooseEncoding(c.Get(fiber.HeaderAcceptEncoding), encodingBrotli, encodingGzip)
	compressed := p.In(encoding)
	if len(compressed) == 0 {
		return c.Send(p.plain())
	}
	c.Set(fiber.HeaderContentEncoding, encoding)
	return c.Send(compressed)
}

// compressFrom is the size of a response, in bytes, from which compressing pays.
const compressFrom = 2048

// compressResponse compresses long API responses to remote clients: lists. It
// leaves alone the response to a form or a change, which may hold a secret that
// was just made: the length of a compressed response could reveal it.
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

// compressible reports whether a response is JSON, not streamed, and long enough.
func compressible(res *fasthttp.Response) bool {
	return res.StatusCode() == fiber.StatusOK &&
		!res.IsBodyStream() &&
		len(res.Body()) >= compressFrom &&
		strings.HasPrefix(string(res.Header.ContentType()), fiber.MIMEApplicationJSON)
}
