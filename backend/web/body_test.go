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

// bomb is this many zeros, compressed this many times over.
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

// A stranger without an account sends a few kilobytes that decompress to
// gigabytes, compressed once or several times over, to each public form and to
// the API: the server would run out of memory before it checks a size. Every
// route refuses every encoding, and nothing is decompressed.
func TestNothingIsUnpacked(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
	packed := bomb(t, 64<<20, 2)
	encodings := []string{"gzip", "gzip, gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP", "x-unknown"}
	routes := []string{
		"POST /login", "POST /login/code", "POST /login/x", "POST /login/x/renew", "POST /setup/x", "POST /logout",
		"POST /language", "POST /nothing",
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

// Ways to read a request's body without a limit, or decompressed.
var unbounded = []string{
	"Body", "BodyParser", "BodyRaw", "BodyStream", "RequestBodyStream", "BodyWriteTo", "BodyUncompressed", "BodyGunzip",
	"BodyInflate", "BodyUnbrotli", "BodyUnzstd", "MultipartForm",
	"FormFile", "SaveFile", "ReadAll", "BodyReader", "GetMultipartForm",
}

// The functions where one of them is right, by file.
var bounded = []string{
	"backend/web/body.go body",                 // the accessor: the bytes as sent, which the wire has limited
	"backend/web/compress.go compressResponse", // our own response
	"backend/web/compress.go compressible",     // the same
	"backend/web/once.go repeatable",           // the same
}

// Somebody uses Fiber's own access to a body again, which decompresses without a
// limit. Every server file that uses Fiber, Huma or fasthttp is searched for
// that.
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

// serverFiles are the files, except tests, that import a package that gives a
// handler a body. The bench is a client: it reads only our own responses.
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
