package e2e

import "testing"

// Every page in other languages: whose language it is, in which direction it is read, and
// whether each word comes from the catalogue.
func TestLanguages(t *testing.T) { walkConsole(t, "languages.spec.ts") }
