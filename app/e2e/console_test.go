package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// The guide that Doorward was made from, walked in the console: by mouse, by
// keyboard, and by two Admins at once.
func TestConsole(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("..", "..", "frontend", "dist", "index.html")); err != nil {
		t.Fatal("The console is not built, so the program has none. `make build` builds it.")
	}
	alone(t)
	p := serving(t)
	browse(t, "console.spec.ts", controls(t, p), "BASE_URL="+p.url, "SETUP_LINK="+p.setup)
	if err := p.stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}
