package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/backend/web/webtest"
)

// bomb is so many zeros, packed so often.
func bomb(t *testing.T, zeros, times int) string {
	t.Helper()
	said := make([]byte, zeros)
	for range times {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(said); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		said = packed.Bytes()
	}
	return string(said)
}

// A stranger without an account sends a few kilobytes that unpack to gigabytes,
// packed once or several times over, to each public form and to the API: the
// server would be out of memory before it looks at a size. Every encoding but
// none is refused on every route, and nothing is unpacked.
func TestNothingIsUnpacked(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
	packed := bomb(t, 64<<20, 2)
	encodings := []string{"gzip", "gzip, gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP", "x-unknown"}
	routes := []string{
		"POST /login", "POST /login/code", "POST /login/x", "POST /login/x/renew", "POST /setup/x", "POST /logout",
		"POST /nothing",
		"POST /api/v1/invitations", "POST /api/v1/desktop", "PUT /api/v1/roles/x", "POST /api/v1/nothing",
	}
	for _, route := range routes {
		for _, e := range encodings {
			if status, _, body := webtest.SendRaw(
				t,
				at,
				packedRequest(route, "Content-Encoding: "+e+"\r\n", packed),
			); status != http.StatusUnsupportedMediaType {
				t.Errorf("%s, %s = %d, want 415: %.200s", route, e, status, body)
			}
		}
		two := "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"
		if status, _,
			_ := webtest.SendRaw(t, at, packedRequest(route, two, packed)); status != http.StatusUnsupportedMediaType {
			t.Errorf("%s, two lines = %d, want 415", route, status)
		}
		parts := "Content-Type: Multipart/form-data; boundary=x\r\n"
		if status, _,
			_ := webtest.SendRaw(t, at,
			packedRequest(route, parts, "--x--\r\n")); status != http.StatusUnsupportedMediaType {
			t.Errorf("%s, in parts = %d, want 415", route, status)
		}
		if status, _, _ := webtest.SendRaw(
			t,
			at,
			packedRequest(route, "Content-Encoding: Identity\r\n", ""),
		); status == http.StatusUnsupportedMediaType {
			t.Errorf("%s, identity = 415", route)
		}
	}
}

func packedRequest(route, header, body string) string {
	return fmt.Sprintf("%s HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: %d\r\n%s\r\n%s",
		route, len(body), header, body)
}

// Ways to a request's body that have no bound, or that unpack it.
var unbounded = []string{
	"Body", "BodyParser", "BodyRaw", "BodyStream", "RequestBodyStream", "BodyWriteTo", "BodyUncompressed", "BodyGunzip",
	"BodyInflate", "BodyUnbrotli", "BodyUnzstd", "MultipartForm",
	"FormFile", "SaveFile", "ReadAll", "BodyReader", "GetMultipartForm",
}

// Where one of them is right, by file and function.
var bounded = []string{
	"backend/web/body.go body",                 // the accessor: the bytes as they came, which the wire has bounded
	"backend/web/compress.go compressResponse", // our own answer
	"backend/web/compress.go compressible",     // the same
}

// Somebody comes to use Fiber's own way to a body again, which unpacks without a
// bound. Every server file that knows Fiber, Huma or fasthttp is read for that.
func TestBodiesAreReadInOnePlace(t *testing.T) {
	read := 0
	for _, name := range serverFiles(t) {
		read++
		for _, found := range accesses(t, name) {
			if !slices.Contains(bounded, found.in) {
				t.Errorf("%s calls %s, which has no bound; use body(c)", found.in, found.what)
			}
		}
	}
	if read < 15 {
		t.Errorf("only %d files were read", read)
	}
}

// serverFiles are the files, tests apart, that import what gives a handler a
// body. The bench is a client: what it reads are answers of ours.
func serverFiles(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"node_modules", "bench", ".git"}, d.Name()):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return givesBodies(i.Path.Value) }) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func givesBodies(path string) bool {
	for _, p := range []string{"gofiber/fiber", "danielgtaylor/huma", "valyala/fasthttp"} {
		if strings.Contains(path, p) {
			return true
		}
	}
	return false
}

type bodyAccess struct{ in, what string }

func accesses(t *testing.T, name string) (found []bodyAccess) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		in, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(in, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(unbounded, s.Sel.Name) {
					found = append(found, bodyAccess{
						strings.TrimPrefix(filepath.ToSlash(name), "../../") + " " + in.Name.Name,
						s.Sel.Name,
					})
				}
			}
			return true
		})
	}
	return found
}
