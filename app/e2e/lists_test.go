package e2e

import "testing"

// The orders of the list of members, and the filters and orders of the login requests.
func TestLists(t *testing.T) { walkConsole(t, "lists.spec.ts") }
