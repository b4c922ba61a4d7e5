package e2e

import "testing"

// A member's page, the filters and the order of the lists of members and login requests, and
// filters that are saved.
func TestMemberPage(t *testing.T) { walkConsole(t, "member-page.spec.ts") }
