package web

import (
	"cmp"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// console is the built console: its embedded files.
type console struct {
	files map[string]*File
}

func newConsole(dist fs.FS) (*console, error) {
	k := &console{files: map[string]*File{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		k.files[name], err = consoleFile(dist, name)
		return err
	})
	return k, err
}

// consoleFile reads a file of the console. In a released program it was compressed when the
// program was built (build/pack), and is sent as it is embedded.
func consoleFile(dist fs.FS, name string) (*File, error) {
	if compressed, err := fs.ReadFile(dist, name+".br"); err == nil {
		plain := func() []byte {
			body, _ := fs.ReadFile(dist, name) // what was compressed can be decompressed
			return body
		}
		return newFile(contentType(name), plain, func() []byte { return compressed }), nil
	}
	body, err := fs.ReadFile(dist, name)
	return NewFile(contentType(name), body), err
}

// kinds are the content types of the console's files: those that the operating
// system knows may differ, or be missing.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".ico": "image/x-icon",
	".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
}

func contentType(name string) string {
	ext := path.Ext(name)
	return cmp.Or(kinds[ext], mime.TypeByExtension(ext), "application/octet-stream")
}

// framePolicy is the console's Content-Security-Policy; the console shows emails
// in a frame.
const framePolicy = ContentPolicy + "; frame-src 'self'"

var errNoConsole = access.Errorf(
	access.NotFound,
	"The console is not part of this build.",
).WithCode("no_console")

// consolePage answers every address of the console with its one page, which
// routes on its own from there.
func (s *Server) consolePage(c *fiber.Ctx) error {
	index, ok := s.console.files["index.html"]
	if !ok {
		return errNoConsole
	}
	c.Set(fiber.HeaderContentSecurityPolicy, framePolicy)
	name := c.Params("*")
	f, ok := s.console.files[name]
	switch {
	case !ok && path.Ext(name) != "" && !strings.Contains(name, "/"):
		return fiber.ErrNotFound // a file beside index.html, for which the page would be a wrong answer
	case !ok:
		f = index
	}
	return f.Send(c)
}

// consoleAsset answers with a file that is named by its content. It is public:
// every copy of this program contains it, and a console whose session has ended
// still needs it to say so.
func (s *Server) consoleAsset(c *fiber.Ctx) error {
	f, ok := s.console.files["assets/"+c.Params("*")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return f.Send(c)
}
