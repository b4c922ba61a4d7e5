package policy

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"doorward/backend/access"
)

func rights(t *testing.T, p *Policy, roles ...access.RoleName) Permissions {
	t.Helper()
	r, err := p.Permissions(access.Active, roles)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// An attacker's token with ever new role names would fill the memory. When the limit is
// reached all answers are dropped, below it none are, and later answers are still right.
func TestKeptAnswersAreBounded(t *testing.T) {
	p := load(t)
	for i := range maxAnswers {
		rights(t, p, access.RoleName(fmt.Sprintf("Role %d", i)))
	}
	if n := len(p.answers); n != maxAnswers {
		t.Errorf("%d answers are kept at the bound, want %d", n, maxAnswers)
	}
	fleet := rights(t, p, access.Fleet)
	if n := len(p.answers); n != 1 {
		t.Errorf("%d answers are kept beyond the bound, want 1", n)
	}
	if !fleet[access.May(access.Open, access.ResFleet)] || fleet[access.May(access.Read, access.ResMembers)] {
		t.Errorf("Fleet may %v", fleet)
	}
}

// An answer is computed once for the same roles, whatever their order.
func TestAnAnswerIsKept(t *testing.T) {
	p := load(t)
	first, again := rights(t, p, access.Fleet, access.AILoop), rights(t, p, access.AILoop, access.Fleet)
	if reflect.ValueOf(first).Pointer() != reflect.ValueOf(again).Pointer() {
		t.Error("the same question was worked out twice")
	}
}

// Members who may do at least one thing to members, the audit log or the settings can use
// the console; members who only open sections cannot.
func TestManage(t *testing.T) {
	managed := []access.Resource{access.ResMembers, access.ResAudit, access.ResSettings}
	if (Permissions{}).CanManage() {
		t.Error("somebody without permissions has something to do in the console")
	}
	for _, g := range access.Grantable() {
		want := slices.Contains(managed, g.Resource)
		if got := (Permissions{g: true}).CanManage(); got != want {
			t.Errorf("whoever may %s: Manage = %v, want %v", g, got, want)
		}
	}
}

// An email about requests goes to the wrong people. Holding returns every role with the
// permission, in order, and no other.
func TestHolding(t *testing.T) {
	invite := access.May(access.DoInvite, access.ResMembers)
	var own []access.Role
	for _, name := range []access.RoleName{"Zeta", "Beta", "Gamma", "Alpha"} {
		own = append(own, access.Role{Name: name, Permissions: []access.Permission{invite}})
	}
	p := load(t, own...)
	want := []access.RoleName{access.Admin, "Alpha", "Beta", "Gamma", "Zeta"}
	if got := p.Holding(invite); !slices.Equal(got, want) {
		t.Errorf("Holding = %v, want %v", got, want)
	}
	if got := p.Holding(access.May("delete", access.ResMembers)); len(got) != 0 {
		t.Errorf("%v hold a permission that does not exist", got)
	}
}

// A role name in the wrong case means the role that is spelled so; an exact match comes
// first, and an unknown name is returned unchanged.
func TestClosest(t *testing.T) {
	p := load(t, access.Role{Name: "Ops", Permissions: access.Grantable()[:1]})
	for name, want := range map[access.RoleName]access.RoleName{
		"Ops":    "Ops",
		"oPS":    "Ops",
		"admin":  access.Admin,
		"AILOOP": access.AILoop,
		"Root":   "Root",
		"":       "",
	} {
		if got := p.MatchingName(name); got != want {
			t.Errorf("Closest(%q) = %q, want %q", name, got, want)
		}
	}
}
