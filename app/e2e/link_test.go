package e2e

import "testing"

// A link that is pressed twice, opened again by its owner, or used beside its code.
func TestLink(t *testing.T) { walkConsole(t, "link.spec.ts") }
