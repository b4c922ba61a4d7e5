package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// A few screens of the console, compared with pictures of them.
func TestLooks(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("..", "..", "frontend", "dist", "index.html")); err != nil {
		t.Fatal("The console is not built, so the program has none. `make build` builds it.")
	}
	alone(t)
	p := serving(t)
	browse(t, "looks.spec.ts", controls(t, p), "BASE_URL="+p.url, "SETUP_LINK="+p.setup)
	if err := p.stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}
