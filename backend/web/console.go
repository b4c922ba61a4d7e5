package web

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/desk"
)

// console is the built console: its files as they are kept in the binary, and,
// from their first use on, compressed.
type console struct {
	index []byte // nil: this build has none
	files map[string]*packed
}

// A packed file is compressed once for each encoding, when it is first asked
// for: a server that nobody manages just now spends neither time nor memory.
type packed struct {
	kind  string
	plain []byte
	br    func() []byte
	gz    func() []byte
}

// packLevel is brotli's: the highest that takes milliseconds for a script.
const packLevel = 9

func newConsole(dist fs.FS) (*console, error) {
	k := &console{files: map[string]*packed{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		body, err := fs.ReadFile(dist, name)
		if name == "index.html" {
			k.index = body
		}
		k.files[name] = pack(name, body)
		return err
	})
	return k, err
}

func pack(name string, body []byte) *packed {
	return &packed{kind: contentType(name), plain: body,
		br: sync.OnceValue(func() []byte { return fasthttp.AppendBrotliBytesLevel(nil, body, packLevel) }),
		gz: sync.OnceValue(func() []byte { return fasthttp.AppendGzipBytesLevel(nil, body, fasthttp.CompressBestCompression) })}
}

// kinds are the types of what a console is built of: those of the system that
// we run on may differ, or be missing.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
}

func contentType(name string) string {
	ext := path.Ext(name)
	return firstText(kinds[ext], mime.TypeByExtension(ext), "application/octet-stream")
}

// mayManage refuses whoever has nothing to do in the console.
func mayManage(p *desk.Principal) error {
	if p.Rights.Manage() {
		return nil
	}
	return access.NotAllowed(access.May(access.Read, access.ResMembers))
}

// consolePage answers every address of the console with its one page, which
// finds its own way from there.
func (s *Server) consolePage(c *fiber.Ctx) error {
	if s.console.index == nil {
		return s.page(c, http.StatusNotFound, pageMessage, noConsolePage(s.leaf(c)))
	}
	c.Set(fiber.HeaderContentSecurityPolicy, framePolicy)
	name := c.Params("*")
	f, ok := s.console.files[name]
	switch {
	case !ok && path.Ext(name) != "" && !strings.Contains(name, "/"):
		return fiber.ErrNotFound // a file beside index.html: a page is no answer to who wants one
	case !ok:
		f = s.console.files["index.html"]
	}
	return s.sendPacked(c, f)
}

// consoleAsset answers with a file that is named by its content. Anybody may
// have it: it is in every copy of this program, and a console whose session has
// ended still needs it to say so.
func (s *Server) consoleAsset(c *fiber.Ctx) error {
	f, ok := s.console.files["assets/"+c.Params("*")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return s.sendPacked(c, f)
}

// sendPacked sends a file in the shortest encoding that the client takes.
func (s *Server) sendPacked(c *fiber.Ctx, f *packed) error {
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, f.kind)
	takes := c.Get(fiber.HeaderAcceptEncoding)
	for _, e := range []struct {
		name string
		body func() []byte
	}{{"br", f.br}, {"gzip", f.gz}} {
		if !accepts(takes, e.name) {
			continue
		}
		if body := e.body(); len(body) < len(f.plain) {
			c.Set(fiber.HeaderContentEncoding, e.name)
			return c.Send(body)
		}
	}
	return c.Send(f.plain)
}

// accepts reports whether an Accept-Encoding header takes that encoding.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		weight, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(q), " ", ""), "q=")
		if !given {
			return true
		}
		n, err := strconv.ParseFloat(weight, 64)
		return err == nil && n > 0
	}
	return false
}

// noConsolePage is for a build that was made without the console.
func noConsolePage(l Leaf) MessagePage {
	return message(l, Info, "The console is not part of this build",
		"Everything it does can be done on the server's own shell.",
		"Run: doorward requests, doorward approve, doorward invite; doorward help lists the rest. To have the console here, build with: make build", goHome)
}
