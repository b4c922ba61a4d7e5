package e2e

import "testing"

// What people need who see little, have an unsteady hand, or read on paper, on every page.
func TestAccessible(t *testing.T) { walkConsole(t, "a11y.spec.ts") }
