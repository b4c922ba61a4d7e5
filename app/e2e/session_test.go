package e2e

import "testing"

// Eight tabs of one browser, a session that ends under them, and what was typed.
func TestConsoleSession(t *testing.T) { walkConsole(t, "session.spec.ts") }
