package e2e

import "testing"

// The dashboard's card of unusual events, from an attack to its colour.
func TestUnusualOnTheDashboard(t *testing.T) { walkConsole(t, "unusual.spec.ts") }
