package policy

import (
	"fmt"
	"testing"

	"doorward/backend/access"
)

func load(tb testing.TB, own ...access.Role) *Policy {
	tb.Helper()
	p, err := Load(own, 1)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// allow refuses an action that somebody in this state with these roles may not do.
func allow(p *Policy, state access.State, roles []access.RoleName, needed access.Permission) error {
	rights, err := p.Permissions(state, roles)
	if err == nil && !rights[needed] {
		err = access.NotAllowed(needed)
	}
	return err
}

// The permission table of the built-in roles, row by row, and what must be refused.
func TestAllow(t *testing.T) {
	p := load(t, access.Role{
		Name: "Fleet lead",
		Permissions: []access.Permission{access.May(access.Open, access.ResFleet),
			access.May(access.DoInvite, access.ResMembers)},
	})
	everything := access.Grantable()
	in := func(prefix string) func(access.Permission) bool {
		return func(g access.Permission) bool {
			return g.Action == access.Open && len(g.Resource) >= len(prefix) &&
				string(g.Resource[:len(prefix)]) == prefix
		}
	}
	all := func(access.Permission) bool { return true }
	none := func(access.Permission) bool { return false }
	tests := []struct {
		name  string
		state access.State
		roles []access.RoleName
		may   func(access.Permission) bool
	}{
		{"an active Admin", access.Active, []access.RoleName{access.Admin}, all},
		{"an active AILoop", access.Active, []access.RoleName{access.AILoop}, in("ailoop")},
		{"an active Fleet", access.Active, []access.RoleName{access.Fleet}, in("fleet")},
		{"both sections", access.Active, []access.RoleName{access.Fleet, access.AILoop},
			func(g access.Permission) bool {
				return g.Action == access.Open
			}},
		{"a role of one's own", access.Active, []access.RoleName{"Fleet lead"}, func(g access.Permission) bool {
			return g == access.May(access.Open, access.ResFleet) || g == access.May(access.DoInvite, access.ResMembers)
		}},
		{"a pending Admin", access.Pending, []access.RoleName{access.Admin}, none},
		{"a suspended Admin", access.Suspended, []access.RoleName{access.Admin}, none},
		{"an unknown state", "approved", []access.RoleName{access.Admin}, none},
		{"no state", "", []access.RoleName{access.Admin}, none},
		{"an unknown role", access.Active, []access.RoleName{"Root"}, none},
		{"a role in another case", access.Active, []access.RoleName{"admin"}, none},
		{"the star as a role", access.Active, []access.RoleName{"*"}, none},
		{"no role", access.Active, nil, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, g := range everything {
				err := allow(p, tt.state, tt.roles, g)
				if (err == nil) != tt.may(g) {
					t.Errorf("Allow(%s) = %v", g, err)
				}
				if err != nil && !access.Forbidden.Is(err) {
					t.Errorf("Allow(%s) refused with %v, want a Forbidden sentence", g, err)
				}
			}
			for _, g := range []access.Permission{access.May("delete", access.ResMembers),
				access.May(access.Open, "vault"), {}, access.May("*", "*")} {
				if allow(p, tt.state, tt.roles, g) == nil {
					t.Errorf("the unknown permission %q was allowed", g)
				}
			}
		})
	}
}

func TestOnlyPendingAndActiveWait(t *testing.T) {
	p := load(t)
	for state, want := range map[access.State]bool{
		access.Pending:   true,
		access.Active:    true,
		access.Suspended: false,
		"":               false,
	} {
		if err := allow(p, state, nil, access.May(access.Wait, access.ResPortal)); (err == nil) != want {
			t.Errorf("%q at the waiting page: %v", state, err)
		}
	}
}

// An attacker who may edit roles tries to get an invalid one past the checks.
func TestLoadRefuses(t *testing.T) {
	for name, r := range map[string]access.Role{
		"a built-in name":       {Name: access.Fleet, Permissions: access.Grantable()},
		"the star":              {Name: "*", Permissions: access.Grantable()},
		"an unknown grant":      {Name: "Ops", Permissions: []access.Permission{access.May("*", "*")}},
		"nothing":               {Name: "Ops"},
		"a built-in look-alike": {Name: "ADMIN", Permissions: access.Grantable()},
	} {
		if _, err := Load([]access.Role{r}, 1); err == nil {
			t.Errorf("a policy with %s was loaded", name)
		}
	}
}

func TestMayGrant(t *testing.T) {
	p := load(t, access.Role{
		Name:        "Fleet lead",
		Permissions: append(access.BuiltIn()[2].Permissions, access.May(access.DoInvite, access.ResMembers)),
	})
	lead, err := p.Permissions(access.Active, []access.RoleName{"Fleet lead"})
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[access.RoleName]access.Kind{
		"Fleet":       "",
		"Fleet lead":  "",
		access.AILoop: access.Forbidden,
		access.Admin:  access.Forbidden,
		"Root":        access.Invalid,
	} {
		err := p.MayGrant(lead, []access.RoleName{role})
		if want == "" && err != nil || want != "" && !want.Is(err) {
			t.Errorf("a Fleet lead grants %s: %v", role, err)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	for _, n := range []int{3, 50} {
		b.Run(fmt.Sprintf("%d roles", n), func(b *testing.B) {
			var own []access.Role
			for i := len(access.BuiltIn()); i < n; i++ {
				own = append(own, access.Role{
					Name:        access.RoleName(fmt.Sprintf("Own %d", i)),
					Permissions: access.Grantable(),
				})
			}
			p := load(b, own...)
			for b.Loop() {
				if err := allow(p, access.Active, []access.RoleName{access.Fleet},
					access.May(access.Open, access.ResFleetFlows)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
