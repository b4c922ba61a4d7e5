package e2e

import "testing"

// How the console reads in every theme, how its controls look, and what one press of a key
// does.
func TestReading(t *testing.T) { walkConsole(t, "reading.spec.ts") }
