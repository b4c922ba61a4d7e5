package desktop_test

import (
	"os"
	"strings"
	"testing"
)

// The toolkit offers the page Window.Save under the name of this package. If the
// console looks for it under another name, it finds none and falls back to a
// browser's download, which the window does not have.
func TestConsoleFindsSave(t *testing.T) {
	source, err := os.ReadFile("../../frontend/console/src/lib/save.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "go?.desktop?.Window?.Save") {
		t.Errorf("save.ts does not ask for go.desktop.Window.Save:\n%s", source)
	}
}
