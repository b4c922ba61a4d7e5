package packed

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	style  = "a{color:red}b{color:red}"
	script = "say('hello'); "
)

// compressedFiles are a style sheet as it is and a script that is compressed.
func compressedFiles(t *testing.T) (files fstest.MapFS, long string) {
	t.Helper()
	long = strings.Repeat(script, 500)
	compressed, err := Compress([]byte(long))
	if err != nil || len(compressed) > 100 {
		t.Fatalf("%d bytes are compressed to %d: %v", len(long), len(compressed), err)
	}
	return fstest.MapFS{
		"dist/a.css":          {Data: []byte(style)},
		"dist/assets/a.js.br": {Data: compressed},
	}, long
}

func TestFilesAreReadUncompressed(t *testing.T) {
	files, long := compressedFiles(t)
	read := FS(files)
	if err := fstest.TestFS(read, "dist/a.css", "dist/assets/a.js"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"dist/a.css": style, "dist/assets/a.js": long} {
		if got, err := fs.ReadFile(read, name); err != nil || string(got) != want {
			t.Errorf("%s has %d bytes, want %d: %v", name, len(got), len(want), err)
		}
		if stat, err := fs.Stat(read, name); err != nil || stat.Size() != int64(len(want)) {
			t.Errorf("%s is %v, want %d bytes: %v", name, stat, len(want), err)
		}
	}
	var listed []string
	if err := fs.WalkDir(read, ".", func(name string, _ fs.DirEntry, err error) error {
		listed = append(listed, name)
		return err
	}); err != nil {
		t.Error(err)
	}
	if want := []string{".", "dist", "dist/a.css", "dist/assets", "dist/assets/a.js"}; !slices.Equal(listed, want) {
		t.Errorf("the files are %q, want %q", listed, want)
	}
}

// The server sends what is compressed as it is.
func TestCompressedContentCanBeRead(t *testing.T) {
	files, _ := compressedFiles(t)
	dist, err := fs.Sub(FS(files), "dist")
	if err != nil {
		t.Fatal(err)
	}
	const name = "assets/a.js" + Suffix
	if got, err := fs.ReadFile(dist, name); err != nil || string(got) != string(files["dist/"+name].Data) {
		t.Errorf("%s has %d bytes: %v", name, len(got), err)
	}
}

// The window's file server also asks for parts.
func TestFilesAreServed(t *testing.T) {
	files, long := compressedFiles(t)
	r := httptest.NewRequest("GET", "/dist/assets/a.js", nil)
	r.Header.Set("Range", "bytes=14-27")
	w := httptest.NewRecorder()
	http.FileServerFS(FS(files)).ServeHTTP(w, r)
	if w.Code != http.StatusPartialContent || w.Body.String() != long[14:28] {
		t.Errorf("the answer is %d, %q", w.Code, w.Body)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	files, _ := compressedFiles(t)
	whole := files["dist/assets/a.js.br"].Data
	files["dist/cut.js.br"] = &fstest.MapFile{Data: whole[:len(whole)/2]}
	files["dist/long.js.br"] = &fstest.MapFile{Data: append(slices.Clone(whole), 0)}
	tests := []struct{ name, want string }{
		{"dist/missing.js", "open dist/missing.js: file does not exist"},
		{"dist/cut.js", "decompress dist/cut.js.br: "},
		{"dist/long.js", "decompress dist/long.js.br: "},
	}
	for _, tt := range tests {
		read := FS(files)
		if _, err := fs.ReadFile(read, tt.name); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("reading %s: %v, want %q", tt.name, err, tt.want)
		}
		if _, err := read.Open(tt.name); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("opening %s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
