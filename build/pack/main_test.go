package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// embedding is a program that prints what it embeds.
const embedding = `package main

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed all:files
var files embed.FS

func main() {
	fs.WalkDir(files, ".", func(name string, d fs.DirEntry, _ error) error {
		if content, err := files.ReadFile(name); err == nil {
			fmt.Println(name, len(content) < 4096)
		}
		return nil
	})
}
`

func TestProgramEmbedsCompressedFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module doorward\n\ngo 1.26\n")
	write(t, dir, "main.go", embedding)
	write(t, dir, "files/.keep", "")
	write(t, dir, "files/long.js", strings.Repeat("say('hello'); ", 500))
	write(t, dir, "files/short.js", "say('hello')")

	const want = "files/.keep true\nfiles/long.js.br true\nfiles/short.js true\n"
	overlay, err := pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, dir, "go", "run", "-overlay", overlay, "doorward"); got != want {
		t.Errorf("the program embeds\n%swant\n%s", got, want)
	}
}

// A file that was changed is compressed again, and one that was not is left alone.
func TestOnlyNewContentIsCompressed(t *testing.T) {
	p := packer{cache: t.TempDir()}
	first, err := p.compress([]byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := p.compress([]byte("hello"))
	if content, _ := os.ReadFile(again); again != first || string(content) != "kept" || err != nil {
		t.Errorf("the same content is in %s, not %s, with %q: %v", again, first, content, err)
	}
	if other, err := p.compress([]byte("hello!")); err != nil || other == first {
		t.Errorf("other content is in %s too: %v", other, err)
	}
}

func TestCataloguesLoseTheConsole(t *testing.T) {
	p := packer{root: t.TempDir()}
	const whole, part = `{"console.menu": "Menu", "email.hello": "Hello"}`, `{"email.hello":"Hello"}`
	for file, want := range map[string]string{"frontend/messages/en.json": part, "frontend/dist/en.json": whole} {
		write(t, p.root, file, whole)
		if got, err := p.read(file); string(got) != want || err != nil {
			t.Errorf("%s is embedded as %s, want %s: %v", file, got, want, err)
		}
	}
	write(t, p.root, "frontend/messages/de.json", "{")
	if got, err := p.read("frontend/messages/de.json"); err == nil {
		t.Errorf("what is no catalogue is embedded as %s", got)
	}
}

func TestNothingIsEmbeddedWithoutAProgram(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module other\n\ngo 1.26\n")
	if overlay, err := pack(dir); err == nil || !strings.Contains(err.Error(), "list what the program embeds") {
		t.Errorf("the overlay is %q: %v", overlay, err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func output(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
	return string(out)
}
