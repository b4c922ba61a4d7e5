package e2e

import "testing"

// What reaches the pending page while a form of its own is on its way.
func TestPending(t *testing.T) { walkConsole(t, "pending.spec.ts") }
