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

// A token may do what its roles and its owner both may, as of now.
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
			fx := newFixture(t)
			_, secret := fx.token(fx.bob.Member, tt.token...)
			if len(tt.owner) != 1 || tt.owner[0] != access.Admin {
				_, err := fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member, tt.owner)
				must(t, err)
			}
			p, err := fx.Gate.TokenPrincipal(t.Context(), secret)
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

// Tokens of a removed member stayed listed, with the owner's id, and counted
// towards the maximum. They are deleted with their owner.
func TestTokensGoWithTheirOwner(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			fx := newFixture(t)
			var secrets []access.Secret
			for range n {
				_, secret := fx.token(fx.bob.Member, access.Admin, access.Fleet)
				secrets = append(secrets, secret)
				if !fx.opens(secret) {
					t.Fatal("it opens nothing")
				}
			}
			kept, secret := fx.token(fx.ann.Member, access.Fleet)
			must(t, fx.Members.Remove(t.Context(), fx.ann, fx.bob.Member))
			for _, s := range secrets {
				if fx.opens(s) {
					t.Error("one opens after its owner was removed")
				}
			}
			if n < 3 { // few enough for the same transaction
				fx.onlyToken(kept.ID)
			}
			_, err := fx.Jobs.Sweep(t.Context())
			must(t, err)
			fx.onlyToken(kept.ID)
			if !fx.opens(secret) {
				t.Error("somebody else's token is gone")
			}
			fx.verify()
		})
	}
}

func (fx *fixture) onlyToken(id access.TokenID) {
	fx.t.Helper()
	all, err := fx.Tokens.List(fx.t.Context(), fx.ann)
	if err != nil || len(all) != 1 || all[0].ID != id || fx.counters().Tokens != 1 {
		fx.t.Errorf("%d are listed and %d counted, %v", len(all), fx.counters().Tokens, err)
	}
}

// Rejecting deletes everything of a pending member, also tokens.
func TestTokensGoWithARejectedMember(t *testing.T) {
	fx := newFixture(t)
	id := fx.waitingFor("kim@example.org", access.Fleet)
	must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Tokens.Put(access.Token{
			ID:        "theirs",
			Name:      "t",
			Hash:      access.NewSecret().Hash(),
			Owner:     id,
			Roles:     fleetRole,
			CreatedAt: tx.Now,
		})
	}))
	must(t, fx.Members.Reject(t.Context(), fx.ann, id, "", false))
	if c := fx.counters(); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("counted: %d, %v", c.Tokens, c.TokenRoles)
	}
	fx.verify()
}

// A suspended member's tokens stop working, and work again once the member is
// restored.
func TestTokensOfASuspendedMember(t *testing.T) {
	fx := newFixture(t)
	_, secret := fx.token(fx.bob.Member, access.Fleet)
	opens := func(want bool) {
		t.Helper()
		if fx.opens(secret) != want {
			t.Errorf("opens: %v, want %v", !want, want)
		}
	}
	opens(true)
	_, err := fx.Members.Suspend(t.Context(), fx.ann, fx.bob.Member)
	must(t, err)
	opens(false)
	_, err = fx.Members.Unsuspend(t.Context(), fx.ann, fx.bob.Member)
	must(t, err)
	opens(true)
}

// "Sign out everywhere" after a theft left the thief's token. With tokens, all of
// them are void at once, however many there are, and deleted.
func TestSignOutEverywhereRevokesTokens(t *testing.T) {
	for _, n := range []int{0, 1, DeletesTokens, DeletesTokens + 1, 3 * DeletesTokens} {
		for _, tokens := range []bool{false, true} {
			t.Run(fmt.Sprint(n, " tokens: ", tokens), func(t *testing.T) {
				fx := newFixture(t)
				var secrets []access.Secret
				for range n {
					_, secret := fx.token(fx.bob.Member, access.Fleet)
					secrets = append(secrets, secret)
				}
				_, anns := fx.token(fx.ann.Member, access.Fleet)
				must(t, fx.Sessions.SignOutEverywhere(t.Context(), fx.bob, fx.bob.Member, tokens))
				for _, s := range secrets {
					if fx.opens(s) == tokens {
						t.Fatalf("one opens: %v", !tokens)
					}
				}
				_, later := fx.token(fx.bob.Member, access.Fleet)
				_, err := fx.Jobs.Sweep(t.Context())
				must(t, err)
				left, revoked := n+2, 0
				if tokens {
					left, revoked = 2, n
				}
				if c := fx.counters(); c.Tokens != left || fx.did(access.ActionRevokeToken) != revoked ||
					!fx.opens(anns) ||
					!fx.opens(later) {
					t.Errorf("%d left, %d entries", c.Tokens, fx.did(access.ActionRevokeToken))
				}
				fx.verify()
			})
		}
	}
}

// Whose tokens a caller may revoke this way: below, equal, above.
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
			fx := newFixture(t)
			must(t, fx.Roles.Put(t.Context(), fx.ann, changers))
			id := fx.member("kim@example.org", "Kim", tt.owner)
			secret := access.Secret(access.TokenPrefix) + access.NewSecret()
			must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.Tokens.Put(access.Token{
					ID:        "kims",
					Name:      "t",
					Hash:      secret.Hash(),
					Owner:     id,
					Roles:     []access.RoleName{tt.owner},
					CreatedAt: tx.Now,
				})
			}))
			actor := map[string]access.Actor{"nobody": fx.fay, "themselves": session(id), "an Admin": fx.ann,
				"a changer": session(fx.member("cam@example.org", "Cam", "Changers"))}[tt.by]
			err := fx.Sessions.SignOutEverywhere(t.Context(), actor, id, true)
			if !tt.ok {
				refused(t, err, access.Forbidden, "")
			} else {
				must(t, err)
			}
			if fx.opens(secret) == tt.ok {
				t.Errorf("the token opens: %v", !tt.ok)
			}
		})
	}
}

// A token is in use, from the gate's cache, while its owner is demoted: the first
// request after that answer has the new permissions, whatever ran in between.
func TestTokenInUseWhileItsOwnerIsDemoted(t *testing.T) {
	members := access.May(access.Read, access.ResMembers)
	for seed := range uint64(12) {
		fx := newFixture(t)
		_, secret := fx.token(fx.bob.Member, access.Admin)
		var stop atomic.Bool
		var users sync.WaitGroup
		for i := range uint64(4) {
			users.Go(func() {
				r := rand.New(rand.NewPCG(seed, i))
				for !stop.Load() {
					fx.Gate.TokenPrincipal(t.Context(), secret)
					for range r.IntN(20) {
						runtime.Gosched()
					}
				}
			})
		}
		for round := range 6 {
			roles := [][]access.RoleName{fleetRole, adminRole}[round%2]
			_, err := fx.Members.ChangeRoles(t.Context(), access.Operator, fx.bob.Member, roles)
			must(t, err)
			p, err := fx.Gate.TokenPrincipal(t.Context(), secret)
			must(t, err)
			if reads := p.May(members) == nil; reads != (round%2 == 1) {
				t.Errorf("seed %d, round %d: with %v it reads members: %v", seed, round, roles, reads)
			}
		}
		stop.Store(true)
		users.Wait()
	}
}

// A member with the maximum of everything is removed, tokens and all: what does
// not fit one transaction is deleted after it.
func TestRemovingOneWithMuchOfEverything(t *testing.T) {
	fx := newFixture(t)
	roles := []access.RoleName{access.AILoop, access.Fleet}
	for i := range access.MaxRolesHeld - len(roles) {
		r := access.Role{
			Name:        access.RoleName(fmt.Sprintf("Role %c", 'A'+i)),
			Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
		}
		must(t, fx.Roles.Put(t.Context(), fx.ann, r))
		roles = append(roles, r.Name)
	}
	name := "Ada Byron Cora Dina Edda Fina Gina Hanna Ida Jana Kira Lena Mona Nora " +
		"Olga Petra Rosa Sara Tina Ulla Vera " +
		"Wanda Xena Yara Zora"
	id := fx.member("a.b.c.d.e.f.g.h@one.two.three.example.org", name, roles...)
	for range 5 {
		fx.enterAs("a.b.c.d.e.f.g.h@one.two.three.example.org")
		must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
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
	must(t, fx.Members.Remove(t.Context(), fx.ann, id))
	_, err := fx.Jobs.Sweep(t.Context())
	must(t, err)
	if c := fx.counters(); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("%d tokens are left, %v", c.Tokens, c.TokenRoles)
	}
	fx.verify()
}
