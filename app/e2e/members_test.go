package e2e

import "testing"

// Many members at once, and the palette that finds pages, members and commands.
func TestMembers(t *testing.T) { walkConsole(t, "members.spec.ts") }
