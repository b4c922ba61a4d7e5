package e2e

import "testing"

// Every page on every screen, so that all can be looked at: make sheets saves them.
func TestSheets(t *testing.T) { walkConsole(t, "sheets.spec.ts") }
