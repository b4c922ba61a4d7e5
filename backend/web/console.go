package web

import (
	"cmp"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
)

// console is the built console: its files as they are kept in the binary, and,
// from their first use on, compressed.
type console struct {
	index []byte // nil: this build has none
	files map[string]*packed
}

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
		k.files[name] = pack(contentType(name), body)
		return err
	})
	return k, err
}

// kinds are the types of what a console is built of: those of the system that
// we run on may differ, or be missing.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
}

func contentType(name string) string {
	ext := path.Ext(name)
	return cmp.Or(kinds[ext], mime.TypeByExtension(ext), "application/octet-stream")
}

// mayManage refuses whoever has nothing to do in the console.
func mayManage(p *gate.Principal) error {
	if p.Permissions.CanManage() {
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
	return f.send(c)
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
	return f.send(c)
}

// noConsolePage is for a build that was made without the console.
func noConsolePage(l Leaf) MessagePage {
	return message(l, Info, "The console is not part of this build",
		"Everything it does can be done on the server's own shell.",
		"Run: doorward requests, doorward approve, doorward invite; doorward help lists the rest. To have the console here, build with: make build", goHome)
}
