package e2e

import "testing"

// A few screens of the console, compared with pictures of them.
func TestLooks(t *testing.T) { walkConsole(t, "looks.spec.ts") }
