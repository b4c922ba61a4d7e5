package service_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// What a token may do is what its roles and its owner both may, as of now.
func TestTokenWithinItsOwner(t *testing.T) {
	flows, members := access.May(access.Open, access.ResFleetFlows), access.May(access.Read, access.ResMembers)
	lake := access.May(access.Open, access.ResAILoopDataLake)
	tests := []struct {
		name         string
		token, owner []access.RoleName
		may, not     []access.Permission
	}{
		{"owner above", fleetRole, adminRole, []access.Permission{flows}, []access.Permission{members, lake}},
		{"owner equal", adminRole, adminRole, []access.Permission{flows, members, lake}, nil},
		{"owner below", adminRole, fleetRole, []access.Permission{flows}, []access.Permission{members, lake}},
		{"owner beside", []access.RoleName{access.AILoop}, fleetRole, nil, []access.Permission{flows, members, lake}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t)
			_, secret := o.token(o.bob.Member, tt.token...)
			if len(tt.owner) != 1 || tt.owner[0] != access.Admin {
				_, err := o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member, tt.owner)
				must(t, err)
			}
			p, err := o.Gate.TokenPrincipal(t.Context(), secret)
			must(t, err)
			for _, g := range tt.may {
				if p.May(g) != nil {
					t.Errorf("it may not %s", g)
				}
			}
			for _, g := range tt.not {
				if p.May(g) == nil {
					t.Errorf("it may %s", g)
				}
			}
		})
	}
}

// Tokens of a removed member stayed listed, with the owner's id, and counted to
// the most there can be. They go with their owner.
func TestTokensGoWithTheirOwner(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			o := openOffice(t)
			var secrets []access.Secret
			for range n {
				_, secret := o.token(o.bob.Member, access.Admin, access.Fleet)
				secrets = append(secrets, secret)
				if !o.opens(secret) {
					t.Fatal("it opens nothing")
				}
			}
			kept, secret := o.token(o.ann.Member, access.Fleet)
			must(t, o.Members.Remove(t.Context(), o.ann, o.bob.Member))
			for _, s := range secrets {
				if o.opens(s) {
					t.Error("one opens after its owner was removed")
				}
			}
			if n < 3 { // few enough to go in the same transaction
				o.onlyToken(kept.ID)
			}
			_, err := o.Jobs.Sweep(t.Context())
			must(t, err)
			o.onlyToken(kept.ID)
			if !o.opens(secret) {
				t.Error("somebody else's token is gone")
			}
			o.verify()
		})
	}
}

func (o *office) onlyToken(id access.TokenID) {
	o.t.Helper()
	all, err := o.Tokens.List(o.t.Context(), o.ann)
	if err != nil || len(all) != 1 || all[0].ID != id || o.counters().Tokens != 1 {
		o.t.Errorf("%d are listed and %d counted, %v", len(all), o.counters().Tokens, err)
	}
}

// Rejecting deletes what is a pending member's, whatever it is.
func TestTokensGoWithARejectedMember(t *testing.T) {
	o := openOffice(t)
	id := o.waitingFor("kim@example.org", access.Fleet)
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Tokens.Put(access.Token{
			ID:        "theirs",
			Name:      "t",
			Hash:      access.NewSecret().Hash(),
			Owner:     id,
			Roles:     fleetRole,
			CreatedAt: tx.Now,
		})
	}))
	must(t, o.Members.Reject(t.Context(), o.ann, id, "", false))
	if c := o.counters(); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("counted: %d, %v", c.Tokens, c.TokenRoles)
	}
	o.verify()
}

// A suspended member's tokens open nothing, and again something once restored.
func TestTokensOfASuspendedMember(t *testing.T) {
	o := openOffice(t)
	_, secret := o.token(o.bob.Member, access.Fleet)
	opens := func(want bool) {
		t.Helper()
		if o.opens(secret) != want {
			t.Errorf("opens: %v, want %v", !want, want)
		}
	}
	opens(true)
	_, err := o.Members.Suspend(t.Context(), o.ann, o.bob.Member)
	must(t, err)
	opens(false)
	_, err = o.Members.Unsuspend(t.Context(), o.ann, o.bob.Member)
	must(t, err)
	opens(true)
}

// "Sign out everywhere" after a theft left the thief's token. With tokens, all of
// them are dead at once, however many there are, and go.
func TestSignOutEverywhereRevokesTokens(t *testing.T) {
	for _, n := range []int{0, 1, DeletesTokens, DeletesTokens + 1, 3 * DeletesTokens} {
		for _, tokens := range []bool{false, true} {
			t.Run(fmt.Sprint(n, " tokens: ", tokens), func(t *testing.T) {
				o := openOffice(t)
				var secrets []access.Secret
				for range n {
					_, secret := o.token(o.bob.Member, access.Fleet)
					secrets = append(secrets, secret)
				}
				_, anns := o.token(o.ann.Member, access.Fleet)
				must(t, o.Sessions.SignOutEverywhere(t.Context(), o.bob, o.bob.Member, tokens))
				for _, s := range secrets {
					if o.opens(s) == tokens {
						t.Fatalf("one opens: %v", !tokens)
					}
				}
				_, later := o.token(o.bob.Member, access.Fleet)
				_, err := o.Jobs.Sweep(t.Context())
				must(t, err)
				left, revoked := n+2, 0
				if tokens {
					left, revoked = 2, n
				}
				if c := o.counters(); c.Tokens != left || o.did(access.ActionRevokeToken) != revoked ||
					!o.opens(anns) ||
					!o.opens(later) {
					t.Errorf("%d left, %d entries", c.Tokens, o.did(access.ActionRevokeToken))
				}
				o.verify()
			})
		}
	}
}

// Whose tokens one may revoke so: below, equal, above.
func TestWhoRevokesTokensBySigningOut(t *testing.T) {
	changers := access.Role{
		Name: "Changers",
		Permissions: []access.Permission{
			access.May(access.Change, access.ResMembers),
			access.May(access.Read, access.ResMembers),
		},
	}
	for _, tt := range []struct {
		owner access.RoleName
		by    string
		ok    bool
	}{
		{access.Fleet, "nobody", false}, {access.Fleet, "themselves", true}, {access.Fleet, "an Admin", true},
		{"Changers", "a changer", true},
		{access.Fleet, "a changer", false},
		{access.Admin, "a changer", false},
		{access.Admin, "an Admin", true},
	} {
		t.Run(fmt.Sprint(tt.owner, " by ", tt.by), func(t *testing.T) {
			o := openOffice(t)
			must(t, o.Roles.Put(t.Context(), o.ann, changers))
			id := o.member("kim@example.org", "Kim", tt.owner)
			secret := access.Secret(access.TokenPrefix) + access.NewSecret()
			must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.Tokens.Put(access.Token{
					ID:        "kims",
					Name:      "t",
					Hash:      secret.Hash(),
					Owner:     id,
					Roles:     []access.RoleName{tt.owner},
					CreatedAt: tx.Now,
				})
			}))
			actor := map[string]access.Actor{"nobody": o.fay, "themselves": session(id), "an Admin": o.ann,
				"a changer": session(o.member("cam@example.org", "Cam", "Changers"))}[tt.by]
			err := o.Sessions.SignOutEverywhere(t.Context(), actor, id, true)
			if !tt.ok {
				refused(t, err, access.Forbidden, "")
			} else {
				must(t, err)
			}
			if o.opens(secret) == tt.ok {
				t.Errorf("the token opens: %v", !tt.ok)
			}
		})
	}
}

// A token is in use, from the gate's memory, while its owner is demoted: the
// first request after that answer has the new rights, whoever came between.
func TestTokenInUseWhileItsOwnerIsDemoted(t *testing.T) {
	members := access.May(access.Read, access.ResMembers)
	for seed := range uint64(12) {
		o := openOffice(t)
		_, secret := o.token(o.bob.Member, access.Admin)
		var stop atomic.Bool
		var users sync.WaitGroup
		for i := range uint64(4) {
			users.Go(func() {
				r := rand.New(rand.NewPCG(seed, i))
				for !stop.Load() {
					o.Gate.TokenPrincipal(t.Context(), secret)
					for range r.IntN(20) {
						runtime.Gosched()
					}
				}
			})
		}
		for round := range 6 {
			roles := [][]access.RoleName{fleetRole, adminRole}[round%2]
			_, err := o.Members.ChangeRoles(t.Context(), access.Operator, o.bob.Member, roles)
			must(t, err)
			p, err := o.Gate.TokenPrincipal(t.Context(), secret)
			must(t, err)
			if reads := p.May(members) == nil; reads != (round%2 == 1) {
				t.Errorf("seed %d, round %d: with %v it reads members: %v", seed, round, roles, reads)
			}
		}
		stop.Store(true)
		users.Wait()
	}
}

// A member with as much of everything as can be had is removed, tokens and all:
// what one transaction cannot hold falls due after it.
func TestRemovingOneWithMuchOfEverything(t *testing.T) {
	o := openOffice(t)
	roles := []access.RoleName{access.AILoop, access.Fleet}
	for i := range access.MaxRolesHeld - len(roles) {
		r := access.Role{
			Name:        access.RoleName(fmt.Sprintf("Role %c", 'A'+i)),
			Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
		}
		must(t, o.Roles.Put(t.Context(), o.ann, r))
		roles = append(roles, r.Name)
	}
	name := "Ada Byron Cora Dina Edda Fina Gina Hanna Ida Jana Kira Lena Mona Nora " +
		"Olga Petra Rosa Sara Tina Ulla Vera " +
		"Wanda Xena Yara Zora"
	id := o.member("a.b.c.d.e.f.g.h@one.two.three.example.org", name, roles...)
	for range 5 {
		o.enterAs("a.b.c.d.e.f.g.h@one.two.three.example.org")
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Tokens.Put(access.Token{
				ID:        access.TokenID(access.NewID()),
				Name:      "t",
				Hash:      access.NewSecret().Hash(),
				Owner:     id,
				Roles:     roles,
				CreatedAt: tx.Now,
			})
		}))
	}
	must(t, o.Members.Remove(t.Context(), o.ann, id))
	_, err := o.Jobs.Sweep(t.Context())
	must(t, err)
	if c := o.counters(); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("%d tokens are left, %v", c.Tokens, c.TokenRoles)
	}
	o.verify()
}
