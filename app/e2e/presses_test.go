package e2e

import "testing"

// A double click, and a key that is held, do what one press does.
func TestPresses(t *testing.T) { walkConsole(t, "presses.spec.ts") }
