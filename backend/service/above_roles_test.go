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

// granting are the verbs that hand out a role, or make or unmake one.
var granting = map[string]func(o *office, actor access.Actor, r access.Role) error{
	"Invite": func(o *office, actor access.Actor, r access.Role) error {
		in := NewInvitation{Email: mail(o.t, "new@example.com"), Roles: []access.RoleName{r.Name}}
		return only(o.Invitations.Invite(o.t.Context(), actor, in))
	},
	"InviteMany": func(o *office, actor access.Actor, r access.Role) error {
		in := NewInvitation{Email: mail(o.t, "new@example.com"), Roles: []access.RoleName{r.Name}}
		rows, err := o.Invitations.InviteMany(o.t.Context(), actor, []NewInvitation{in}, false)
		must(o.t, err)
		return rows[0].Err
	},
	"Approve": func(o *office, actor access.Actor, r access.Role) error {
		return only(o.Members.Approve(o.t.Context(), actor, o.invited("ada@example.com"), []access.RoleName{r.Name}))
	},
	"ChangeRoles": func(o *office, actor access.Actor, r access.Role) error {
		return only(o.Members.ChangeRoles(o.t.Context(), actor, o.invited("gus@example.org"),
			[]access.RoleName{r.Name}))
	},
	"CreateToken": func(o *office, actor access.Actor, r access.Role) error {
		_, _, err := o.Tokens.Create(o.t.Context(), actor, "ci", []access.RoleName{r.Name}, 0)
		return err
	},
	"PutRole, a new one": func(o *office, actor access.Actor, r access.Role) error {
		return o.Roles.Put(o.t.Context(), actor, access.Role{Name: "New", Permissions: r.Permissions})
	},
	"PutRole, one that is there": func(o *office, actor access.Actor, r access.Role) error {
		return o.Roles.Put(o.t.Context(), actor, access.Role{Name: r.Name, Permissions: lead.Permissions[:1]})
	},
	"DeleteRole": func(o *office, actor access.Actor, r access.Role) error {
		return o.Roles.Delete(o.t.Context(), actor, r.Name)
	},
}

// Somebody who may do much, but not all, makes a role that may do more and has it
// given to them; or makes a token with it, or takes it from the Admins. What is
// above their own permissions is not theirs to give, to change or to delete,
// whatever the verb.
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
				o := openOffice(t)
				role := access.Role{Name: "Of that level", Permissions: level.grants}
				for _, r := range []access.Role{grantor, role} {
					must(t, o.Roles.Put(t.Context(), access.Operator, r))
				}
				o.waiting("ada@example.com")
				o.member("gus@example.org", "Gus", access.Fleet)
				actor := o.confirmed(o.member("kim@example.org", "Kim", grantor.Name))
				before := o.state()
				err := do(o, actor, role)
				if !level.refused {
					must(t, err)
					return
				}
				refused(t, err, access.Forbidden, "role_above_own")
				if o.state() != before {
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

// While the disk is nearly full nothing is written, save what takes access away:
// somebody who does harm is not safe because the disk is full.
func TestWhatIsKeptOnANearlyFullDisk(t *testing.T) {
	const floor = 1 << 20
	for name, tt := range map[string]struct {
		kept bool
		do   func(o *office, s access.Secret, tok access.TokenID) error
	}{
		"Suspend": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			return only(o.Members.Suspend(o.t.Context(), o.ann, o.fay.Member))
		}},
		"Remove": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			return o.Members.Remove(o.t.Context(), o.ann, o.fay.Member)
		}},
		"ChangeRoles to fewer": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			return only(o.Members.ChangeRoles(o.t.Context(), o.ann, o.bob.Member, fleetRole))
		}},
		"ChangeRoles to others": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			return only(o.Members.ChangeRoles(o.t.Context(), o.ann, o.fay.Member, []access.RoleName{access.AILoop}))
		}},
		"ChangeRoles to more": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			more := []access.RoleName{access.AILoop, access.Fleet}
			return only(o.Members.ChangeRoles(o.t.Context(), o.ann, o.fay.Member, more))
		}},
		"PutRole with less": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			return o.Roles.Put(o.t.Context(), o.ann, access.Role{Name: "Pilots", Permissions: pilots.Permissions[:1]})
		}},
		"PutRole with more": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			more := append(slices.Clone(pilots.Permissions), access.May(access.Open, access.ResAILoop))
			return o.Roles.Put(o.t.Context(), o.ann, access.Role{Name: "Pilots", Permissions: more})
		}},
		"SignOut": {true, func(o *office, s access.Secret, _ access.TokenID) error {
			return o.Gate.SignOut(o.t.Context(), o.fay, s)
		}},
		"SignOutEverywhere": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			return o.Sessions.SignOutEverywhere(o.t.Context(), o.ann, o.fay.Member, true)
		}},
		"EndSession": {true, func(o *office, _ access.Secret, _ access.TokenID) error {
			open, err := o.Sessions.List(o.t.Context(), o.ann, o.fay.Member)
			must(o.t, err)
			return o.Sessions.End(o.t.Context(), o.ann, o.fay.Member, open[0].ID())
		}},
		"Rotate": {true, func(o *office, s access.Secret, _ access.TokenID) error {
			return only(o.Gate.Rotate(o.t.Context(), s))
		}},
		"RevokeToken": {true, func(o *office, _ access.Secret, tok access.TokenID) error {
			return o.Tokens.Revoke(o.t.Context(), o.ann, tok)
		}},
		"Invite": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			in := NewInvitation{Email: mail(o.t, "new@example.com"), Roles: []access.RoleName{access.Fleet}}
			return only(o.Invitations.Invite(o.t.Context(), o.ann, in))
		}},
		"Rename": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			return only(o.Members.Rename(o.t.Context(), o.ann, o.fay.Member, "Faye"))
		}},
		"CreateToken": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			_, _, err := o.Tokens.Create(o.t.Context(), o.ann, "ci", fleetRole, 0)
			return err
		}},
		"PutRole": {false, func(o *office, _ access.Secret, _ access.TokenID) error {
			return o.Roles.Put(o.t.Context(), o.ann, lead)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var free atomic.Uint64
			free.Store(1 << 40)
			o := openOffice(t, onDisk, withDisk(floor, free.Load))
			s := o.enterAs("fay@example.org")
			tok, _ := o.token("", access.Fleet)
			must(t, o.Roles.Put(t.Context(), o.ann, pilots))
			must(t, only(o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member,
				[]access.RoleName{access.Admin, access.Fleet})))
			free.Store(floor)
			if _, err := o.Members.Rename(t.Context(), o.ann, o.fay.Member, "At the floor"); err != nil {
				t.Fatalf("at the floor: %v", err)
			}
			o.clock.forward(time.Second)
			free.Store(floor - 1)
			err := tt.do(o, s, tok.ID)
			if tt.kept {
				must(t, err)
				return
			}
			refused(t, err, access.Unavailable, "disk_full")
		})
	}
}

// withDisk has the store find so much free on its disk.
func withDisk(floor uint64, free func() uint64) officeOption {
	return func(o *office) {
		o.disk = func(so *store.Options) {
			so.MinFree, so.Free = floor, func(string) (uint64, error) { return free(), nil }
		}
	}
}
