package gate

import (
	"fmt"
	"slices"
	"testing"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// view runs fn in a read transaction.
func (fx *fixture) view(fn func(tx *store.Tx) error) error {
	return fx.store.View(fx.t.Context(), fn)
}

// authorize asks the gate for the actor's permission.
func (fx *fixture) authorize(actor access.Actor, needed access.Permission) (a Authorized, err error) {
	err = fx.view(func(tx *store.Tx) error {
		a, err = fx.Authorize(tx, actor, needed)
		return err
	})
	return a, err
}

// Somebody calls a verb without credentials, or with ones that were valid once.
// Each call is refused as signed out or as forbidden, and nobody may do more than
// their permissions say.
func TestWhoMayDoWhat(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	bob, fay := fx.member("bob", access.Admin), fx.member("fay", access.Fleet)
	suspended, pending := fx.member("sue", access.Admin), fx.member("pia", access.Admin)
	suspended.State, pending.State = access.Suspended, access.Pending
	fx.put(suspended)
	fx.put(pending)
	bobs, _ := fx.token(bob, access.Admin)
	narrow, _ := fx.token(bob, access.Fleet)
	fays, _ := fx.token(fay, access.Admin) // more roles than its owner has
	ownerless, _ := fx.token(access.Member{}, access.Fleet)
	voided, _ := fx.token(bob, access.Admin)
	voided.Epoch--
	orphan, _ := fx.token(access.Member{ID: "00000000000000000000000000"}, access.Admin)
	ended, _ := fx.token(access.Member{}, access.Admin)
	ended.ExpiresAt = noon
	fx.update(func(tx *store.Tx) error {
		if err := tx.Tokens.Put(voided); err != nil {
			return err
		}
		return tx.Tokens.Put(ended)
	})
	manage, open, out := access.NotAllowed(members), access.NotAllowed(fleet), access.SignedOutError()
	by := func(m access.Member, k access.Token) access.Actor { return access.Actor{Member: m.ID, Token: k.ID} }
	for name, tt := range map[string]struct {
		actor access.Actor
		reads error // may read members
		opens error // may open fleet
	}{
		"the operator":               {access.Operator, nil, nil},
		"an Admin":                   {access.Actor{Member: bob.ID}, nil, nil},
		"a member":                   {access.Actor{Member: fay.ID}, manage, nil},
		"a suspended Admin":          {access.Actor{Member: suspended.ID}, manage, open},
		"a pending Admin":            {access.Actor{Member: pending.ID}, manage, open},
		"nobody":                     {access.Actor{Source: access.SourcePortal}, out, out},
		"somebody who is gone":       {access.Actor{Member: "gone"}, out, out},
		"an Admin's token":           {by(bob, bobs), nil, nil},
		"a token of fewer roles":     {by(bob, narrow), manage, nil},
		"a token above its owner":    {by(fay, fays), manage, nil},
		"a token of nobody":          {by(access.Member{}, ownerless), manage, nil},
		"another's token":            {by(fay, bobs), out, out},
		"a voided token":             {by(bob, voided), out, out},
		"a token without its owner":  {by(access.Member{ID: orphan.Owner}, orphan), out, out},
		"a token that ended":         {by(access.Member{}, ended), out, out},
		"a token that was never one": {access.Actor{Token: "made up"}, out, out},
	} {
		for needed, want := range map[access.Permission]error{members: tt.reads, fleet: tt.opens} {
			a, err := fx.authorize(tt.actor, needed)
			if fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("%s asks to %s: %v, want %v", name, needed, err, want)
			}
			if err == nil && (a.Actor != tt.actor || !a.Permissions[needed] || a.Policy == nil) {
				t.Errorf("%s: Authorized = %+v", name, a)
			}
			var all policy.Permissions
			none := fx.view(func(tx *store.Tx) (err error) {
				all, err = fx.Permissions(tx, tt.actor)
				return err
			})
			if all[needed] != (want == nil) || access.SignedOut.Is(none) != access.SignedOut.Is(want) {
				t.Errorf("%s: Permissions = %v, %v", name, all, none)
			}
		}
	}
}

// Somebody acts on a member who may do less, as much, or more than they: below,
// equal, above. A deleted role grants nothing.
func TestCovers(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	fx.update(func(tx *store.Tx) error {
		grants := []access.Permission{fleet, members}
		return tx.Roles.Put(access.Role{Name: "Readers", Permissions: grants})
	})
	for _, tt := range []struct {
		roles  []access.RoleName
		state  access.State
		covers bool
		words  string
	}{
		{nil, access.Active, true, ""},
		{[]access.RoleName{"Readers"}, access.Active, true, ""},
		{[]access.RoleName{"Gone"}, access.Active, true, ""},
		{adminRole, access.Active, false, "Ada has more access than you have"},
		{adminRole, access.Pending, false, "Ada is invited to more access than you have"},
		{[]access.RoleName{"Gone", "Readers", access.Admin}, access.Active, false, "Ada has more access"},
	} {
		kim := fx.member(fmt.Sprint("kim", len(fx.state())), "Readers")
		a, err := fx.authorize(access.Actor{Member: kim.ID}, members)
		must(t, err)
		err = a.Covers(&access.Member{Name: "Ada", Roles: tt.roles, State: tt.state})
		if (err == nil) != tt.covers {
			t.Errorf("a member %s of %v: %v", tt.state, tt.roles, err)
		}
		if err != nil {
			refused(t, err, access.Forbidden, "member_above_own")
			if got := access.Explain(err).Error(); len(got) < len(tt.words) || got[:len(tt.words)] != tt.words {
				t.Errorf("it says %q", got)
			}
		}
	}
}

// Somebody grants roles in any letter case and twice: each is granted once, under
// its own name. Roles that are unknown, above their own permissions, or too many
// for one member are refused.
func TestGrantable(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	own := []access.RoleName{access.Admin, access.AILoop, access.Fleet}
	for i := len(own); i <= access.MaxRolesHeld; i++ {
		name := access.RoleName(fmt.Sprintf("Role %c", 'A'+i))
		own = append(own, name)
		fx.update(func(tx *store.Tx) error {
			return tx.Roles.Put(access.Role{Name: name, Permissions: []access.Permission{fleet}})
		})
	}
	kim := fx.member("kim", access.Fleet)
	for _, tt := range []struct {
		actor access.Actor
		want  []access.RoleName
		got   []access.RoleName
		code  string
	}{
		{access.Operator, nil, nil, ""},
		{access.Operator, []access.RoleName{"fleet", "Fleet", "ADMIN"}, []access.RoleName{access.Fleet, access.Admin},
			""},
		{access.Operator, []access.RoleName{"Root"}, nil, "unknown_role"},
		{access.Operator, own[:access.MaxRolesHeld], own[:access.MaxRolesHeld], ""},
		{access.Operator, own, nil, "too_many_roles"},
		{access.Actor{Member: kim.ID}, []access.RoleName{"fleet"}, fleetRole, ""},
		{access.Actor{Member: kim.ID}, adminRole, nil, "role_above_own"},
	} {
		a, err := fx.authorize(tt.actor, fleet)
		must(t, err)
		got, err := a.Grantable(tt.want)
		if tt.code != "" {
			if err == nil || access.Explain(err).Code != tt.code {
				t.Errorf("%v: %v, want code %q", tt.want, err, tt.code)
			}
			continue
		}
		if err != nil || !slices.Equal(got, tt.got) {
			t.Errorf("%v: %v, %v, want %v", tt.want, got, err, tt.got)
		}
	}
}

// A role is changed to permit less, and then more. The next request sees the new
// permissions, whoever sends it, and the cache answers only while nothing has
// changed.
func TestARoleMeansWhatItMeansNow(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	grant := func(all ...access.Permission) {
		fx.update(func(tx *store.Tx) error { return tx.Roles.Put(access.Role{Name: "Readers", Permissions: all}) })
	}
	grant(members)
	kim := fx.member("kim", "Readers")
	s := fx.enter(kim)
	_, secret := fx.token(kim, "Readers")
	for i, reads := range []bool{true, false, true} {
		if !reads {
			grant(fleet)
		} else if i > 0 {
			grant(fleet, members)
		}
		for range 2 {
			_, err := fx.authorize(access.Actor{Member: kim.ID}, members)
			p, listens := fx.Listener(t.Context(), s)
			k, opens := fx.TokenPrincipal(t.Context(), secret)
			if listens != nil || opens != nil {
				t.Fatalf("%v, %v", listens, opens)
			}
			if (err == nil) != reads || (p.May(members) == nil) != reads || (k.May(members) == nil) != reads {
				t.Errorf("change %d: Authorize = %v, May = %v and %v", i, err, p.May(members), k.May(members))
			}
		}
	}
	fx.update(func(tx *store.Tx) error {
		was := fx.policy.Load()
		if p, err := fx.Policy(tx); p != was || err != nil {
			t.Errorf("the policy was made again though no role changed: %v", err)
		}
		return nil
	})
}
