package e2e

import "testing"

// What a screen reader finds on each page, compared with files of it.
func TestOutline(t *testing.T) { walkConsole(t, "outline.spec.ts") }
