package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// `wails build`, typed where there is no display, first runs a build with the tag
// bindings to list the window's methods. That build once failed with "There is no
// display".
func TestWailsReadsTheWindowWithoutADisplay(t *testing.T) {
	need.Time(t)
	if _, err := product.Build(); err != nil { // makes the product.Workshop
		t.Fatal(err)
	}
	program := filepath.Join(product.Workshop, "doorward-bindings")
	build := exec.Command("go", "build", "-tags", "bindings", "-o", program, "doorward")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	project := t.TempDir()
	settings, err := os.ReadFile("../../wails.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(project, "wails.json"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Dir, cmd.Env = project, []string{"HOME=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("it ended with %v\n%s", err, out)
	}
	methods, err := filepath.Glob(filepath.Join(project, "bin/wailsjs/go/*/Window.d.ts"))
	if err != nil || len(methods) != 1 {
		t.Fatalf("the window's methods are in %q, %v; want one file", methods, err)
	}
	if text, err := os.ReadFile(methods[0]); err != nil || !strings.Contains(string(text), "function Save(") {
		t.Errorf("the window's methods lack Save: %v\n%s", err, text)
	}
}
