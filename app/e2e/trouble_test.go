package e2e

import "testing"

// What the console shows when something is away, slow, refused, failed or over.
func TestTrouble(t *testing.T) { walkConsole(t, "trouble.spec.ts") }
