package web

import (
	"testing"

	"doorward/backend/access"
)

// What each class is: from this follow who is admitted, what the API's description says, and
// which machine of a cluster answers.
func TestClasses(t *testing.T) {
	read := access.May(access.Read, access.ResMembers)
	tests := []struct {
		class                      Class
		name                       string
		needsAccount, tokens, lead bool
	}{
		{Class{}, "nobody", false, false, true},
		{Public(), "public", false, false, false},
		{Static(), "public", false, false, false},
		{Pending(), "pending", true, false, true},
		{PendingOrToken(), "pending", true, true, true},
		{Member(), "member", true, true, true},
		{Manager(), "manager", true, true, true},
		{Permission(read), read.String(), true, true, true},
		{Operator(), "operator", false, false, true},
		{Machine(), "operator", false, false, false},
	}
	for _, tt := range tests {
		n := tt.class
		if n.String() != tt.name || n.NeedsAccount() != tt.needsAccount || n.TakesTokens() != tt.tokens ||
			n.needsLead() != tt.lead {
			t.Errorf("%s: it is %q, needs an account %v, takes tokens %v, needs the lead %v",
				tt.name, n, n.NeedsAccount(), n.TakesTokens(), n.needsLead())
		}
	}
}
