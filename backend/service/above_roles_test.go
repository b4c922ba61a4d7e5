package service_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// granting are the verbs that grant a role, or make, change or delete one.
var granting = map[string]func(fx *fixture, actor access.Actor, r access.Role) error{
	"Invite": func(fx *fixture, actor access.Actor, r access.Role) error {
		in := NewInvitation{Email: mail(fx.t, "new@example.com"), Roles: []access.RoleName{r.Name}}
		return only(fx.Invitations.Invite(fx.t.Context(), actor, in))
	},
	"InviteMany": func(fx *fixture, actor access.Actor, r access.Role) error {
		in := NewInvitation{Email: mail(fx.t, "new@example.com"), Roles: []access.RoleName{r.Name}}
		rows, err := fx.Invitations.InviteMany(fx.t.Context(), actor, []NewInvitation{in}, false)
		must(fx.t, err)
		return rows[0].Err
	},
	"Approve": func(fx *fixture, actor access.Actor, r access.Role) error {
		return only(fx.Members.Approve(fx.t.Context(), actor, fx.invited("ada@example.com"), []access.RoleName{r.Name}))
	},
	"ChangeRoles": func(fx *fixture, actor access.Actor, r access.Role) error {
		return only(fx.Members.ChangeRoles(fx.t.Context(), actor, fx.invited("gus@example.org"),
			[]access.RoleName{r.Name}))
	},
	"CreateToken": func(fx *fixture, actor access.Actor, r access.Role) error {
		_, _, err := fx.Tokens.Create(fx.t.Context(), actor, "ci", []access.RoleName{r.Name}, 0)
		return err
	},
	"PutRole, a new one": func(fx *fixture, actor access.Actor, r access.Role) error {
		return fx.Roles.Put(fx.t.Context(), actor, access.Role{Name: "New", Permissions: r.Permissions})
	},
	"PutRole, one that is there": func(fx *fixture, actor access.Actor, r access.Role) error {
		return fx.Roles.Put(fx.t.Context(), actor, access.Role{Name: r.Name, Permissions: lead.Permissions[:1]})
	},
	"DeleteRole": func(fx *fixture, actor access.Actor, r access.Role) error {
		return fx.Roles.Delete(fx.t.Context(), actor, r.Name)
	},
}

// Somebody with many permissions, but not all, makes a role with more and has it
// granted to them, makes a token with it, or takes it from the Admins. No verb
// lets them grant, change or delete what is above their own permissions.
func TestNobodyGrantsWhatIsAboveThem(t *testing.T) {
	grantor := access.Role{Name: "Grantor", Permissions: append([]access.Permission{
		access.May(access.DoInvite, access.ResMembers)}, keeper.Permissions...)}
	levels := []struct {
		name    string
		grants  []access.Permission
		refused bool
	}{
		{"below", lead.Permissions[:2], false},
		{"equal", grantor.Permissions, false},
		{"above", append([]access.Permission{access.May(access.Read, access.ResAudit)}, grantor.Permissions...), true},
		{"beside", []access.Permission{access.May(access.Open, access.ResAILoop)}, true},
	}
	for name, do := range granting {
		for _, level := range levels {
			t.Run(name+", "+level.name, func(t *testing.T) {
				fx := newFixture(t)
				role := access.Role{Name: "Of that level", Permissions: level.grants}
				for _, r := range []access.Role{grantor, role} {
					must(t, fx.Roles.Put(t.Context(), access.Operator, r))
				}
				fx.waiting("ada@example.com")
				fx.member("gus@example.org", "Gus", access.Fleet)
				actor := fx.confirmed(fx.member("kim@example.org", "Kim", grantor.Name))
				before := fx.state()
				err := do(fx, actor, role)
				if !level.refused {
					must(t, err)
					return
				}
				refused(t, err, access.Forbidden, "role_above_own")
				if fx.state() != before {
					t.Error("the refusal changed something")
				}
			})
		}
	}
}

var pilots = access.Role{Name: "Pilots", Permissions: []access.Permission{
	access.May(access.Open, access.ResFleet),
	access.May(access.Read, access.ResMembers),
}}

// While the disk is nearly full nothing is written, except what takes access
// away: an attacker must not be safe because the disk is full.
func TestWhatIsKeptOnANearlyFullDisk(t *testing.T) {
	const floor = 1 << 20
	for name, tt := range map[string]struct {
		kept bool
		do   func(fx *fixture, s access.Secret, tok access.TokenID) error
	}{
		"Suspend": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return only(fx.Members.Suspend(fx.t.Context(), fx.ann, fx.fay.Member))
		}},
		"Remove": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return fx.Members.Remove(fx.t.Context(), fx.ann, fx.fay.Member)
		}},
		"ChangeRoles to fewer": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return only(fx.Members.ChangeRoles(fx.t.Context(), fx.ann, fx.bob.Member, fleetRole))
		}},
		"ChangeRoles to others": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return only(fx.Members.ChangeRoles(fx.t.Context(), fx.ann, fx.fay.Member, []access.RoleName{access.AILoop}))
		}},
		"ChangeRoles to more": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			more := []access.RoleName{access.AILoop, access.Fleet}
			return only(fx.Members.ChangeRoles(fx.t.Context(), fx.ann, fx.fay.Member, more))
		}},
		"PutRole with less": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			less := access.Role{Name: "Pilots", Permissions: pilots.Permissions[:1]}
			return fx.Roles.Put(fx.t.Context(), fx.ann, less)
		}},
		"PutRole with more": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			more := append(slices.Clone(pilots.Permissions), access.May(access.Open, access.ResAILoop))
			return fx.Roles.Put(fx.t.Context(), fx.ann, access.Role{Name: "Pilots", Permissions: more})
		}},
		"SignOut": {true, func(fx *fixture, s access.Secret, _ access.TokenID) error {
			return fx.Gate.SignOut(fx.t.Context(), fx.fay, s)
		}},
		"SignOutEverywhere": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return fx.Sessions.SignOutEverywhere(fx.t.Context(), fx.ann, fx.fay.Member, true)
		}},
		"EndSession": {true, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			open, err := fx.Sessions.List(fx.t.Context(), fx.ann, fx.fay.Member)
			must(fx.t, err)
			return fx.Sessions.End(fx.t.Context(), fx.ann, fx.fay.Member, open[0].ID())
		}},
		"Rotate": {true, func(fx *fixture, s access.Secret, _ access.TokenID) error {
			return only(fx.Gate.Rotate(fx.t.Context(), s))
		}},
		"RevokeToken": {true, func(fx *fixture, _ access.Secret, tok access.TokenID) error {
			return fx.Tokens.Revoke(fx.t.Context(), fx.ann, tok)
		}},
		"Invite": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			in := NewInvitation{Email: mail(fx.t, "new@example.com"), Roles: []access.RoleName{access.Fleet}}
			return only(fx.Invitations.Invite(fx.t.Context(), fx.ann, in))
		}},
		"Rename": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return only(fx.Members.Rename(fx.t.Context(), fx.ann, fx.fay.Member, "Faye"))
		}},
		"CreateToken": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			_, _, err := fx.Tokens.Create(fx.t.Context(), fx.ann, "ci", fleetRole, 0)
			return err
		}},
		"PutRole": {false, func(fx *fixture, _ access.Secret, _ access.TokenID) error {
			return fx.Roles.Put(fx.t.Context(), fx.ann, lead)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var free atomic.Uint64
			free.Store(1 << 40)
			fx := newFixture(t, onDisk, withDisk(floor, free.Load))
			s := fx.enterAs("fay@example.org")
			tok, _ := fx.token("", access.Fleet)
			must(t, fx.Roles.Put(t.Context(), fx.ann, pilots))
			must(t, only(fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member,
				[]access.RoleName{access.Admin, access.Fleet})))
			free.Store(floor)
			if _, err := fx.Members.Rename(t.Context(), fx.ann, fx.fay.Member, "At the floor"); err != nil {
				t.Fatalf("at the floor: %v", err)
			}
			fx.clock.forward(time.Second)
			free.Store(floor - 1)
			err := tt.do(fx, s, tok.ID)
			if tt.kept {
				must(t, err)
				return
			}
			refused(t, err, access.Unavailable, "disk_full")
		})
	}
}

// withDisk makes the store see this much free disk.
func withDisk(floor uint64, free func() uint64) fixtureOption {
	return func(fx *fixture) {
		fx.disk = func(so *store.Options) {
			so.MinFree, so.Free = floor, func(string) (uint64, error) { return free(), nil }
		}
	}
}
