package e2e

import "testing"

// How the console is laid out at every width, on a phone, at a zoom, and on paper.
func TestLayout(t *testing.T) { walkConsole(t, "layout.spec.ts") }
