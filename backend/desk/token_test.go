package desk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

var (
	fleetRole = []access.RoleName{access.Fleet}
	adminRole = []access.RoleName{access.Admin}
)

// token makes an API token for somebody, in a session that was confirmed.
func (o *office) token(id access.MemberID, roles ...access.RoleName) (access.Token, access.Secret) {
	o.t.Helper()
	by := access.Operator
	if id != "" {
		by = o.confirmed(id)
	}
	token, secret, err := o.MakeToken(o.t.Context(), by, "for a test", roles, 0)
	must(o.t, err)
	return token, secret
}

// opens reports whether the token's secret opens anything, and checks that a
// refusal is the one for all bad tokens.
func (o *office) opens(secret access.Secret) bool {
	o.t.Helper()
	_, err := o.WhoToken(o.t.Context(), secret)
	if err != nil {
		refused(o.t, err, access.SignedOut, "bad_token")
	}
	return err == nil
}

func (o *office) counters() (c access.Counters) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Counters()
		return err
	}))
	return c
}

// Every token has an end, whether somebody thought of one or not.
func TestTokenTTL(t *testing.T) {
	tests := []struct {
		asked, want time.Duration // want zero: refused
	}{
		{0, 90 * 24 * time.Hour},
		{-time.Hour, 0},
		{time.Hour - time.Second, 0},
		{time.Hour, time.Hour},
		{366 * 24 * time.Hour, 366 * 24 * time.Hour},
		{366*24*time.Hour + time.Second, 0},
	}
	for _, tt := range tests {
		o := openOffice(t)
		token, _, err := o.MakeToken(t.Context(), o.ann, "ci", fleetRole, tt.asked)
		if tt.want == 0 {
			refused(t, err, access.Invalid, "expiry_out_of_range")
		} else if err != nil || token.ExpiresAt.Sub(token.MadeAt) != tt.want {
			t.Errorf("asked for %s: until %v, %v", tt.asked, token.ExpiresAt, err)
		}
	}
}

// The end comes to the microsecond, also where the gate remembers the token.
func TestTokenExpires(t *testing.T) {
	o := openOffice(t)
	_, secret, err := o.MakeToken(t.Context(), o.ann, "ci", fleetRole, time.Hour)
	must(t, err)
	for _, step := range []struct {
		forward time.Duration
		opens   bool
	}{{0, true}, {time.Hour - time.Microsecond, true}, {time.Microsecond, false}, {time.Microsecond, false}} {
		o.clock.forward(step.forward)
		if o.opens(secret) != step.opens {
			t.Errorf("%s after it was made, it opens: %v", o.clock.now().Sub(noon), !step.opens)
		}
	}
}

// An older version made tokens without an end. They go on as they are.
func TestTokenWithoutAnEnd(t *testing.T) {
	o := openOffice(t)
	secret := access.Secret(access.TokenPrefix) + access.NewSecret()
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutToken(access.Token{ID: "endless", Name: "old", Hash: secret.Hash(), Roles: fleetRole, MadeAt: tx.Now})
	}))
	o.clock.forward(10 * access.LongestToken)
	if !o.opens(secret) {
		t.Error("it ended")
	}
}

func TestMostTokens(t *testing.T) {
	o := openOffice(t)
	for range store.MostTokens - 1 {
		o.token("", access.Fleet)
	}
	last, _ := o.token("", access.Fleet)
	_, _, err := o.MakeToken(t.Context(), o.ann, "ci", fleetRole, 0)
	refused(t, err, access.Conflict, "too_many_tokens")
	must(t, o.RevokeToken(t.Context(), o.ann, last.ID))
	o.token("", access.Fleet)
	if all, err := o.Tokens(t.Context(), o.ann); err != nil || len(all) != store.MostTokens {
		t.Errorf("%d are listed, %v", len(all), err)
	}
	o.verify()
}

// A token that leaked was used, and nobody could see it: "last used: never". Now
// its use is known to the minute, without a write on the way of any request.
func TestTokenUseIsNoted(t *testing.T) {
	o := openOffice(t, onDisk)
	token, secret := o.token(o.ann.Member, access.Fleet)
	used := func() time.Time {
		all, err := o.Tokens(t.Context(), o.ann)
		must(t, err)
		return all[0].UsedAt
	}
	if !used().IsZero() {
		t.Errorf("unused, and used at %v", used())
	}
	o.clock.forward(90 * time.Second)
	before := o.state()
	for range 1000 {
		o.opens(secret)
	}
	if o.state() != before {
		t.Error("a request wrote something")
	}
	if want := noon.Add(time.Minute); !used().Equal(want) {
		t.Errorf("used at %v, want %v", used(), want)
	}
	o.keepUses(t.Context())
	after := o.state()
	if o.opens(secret); len(o.uses.take()) != 0 {
		t.Error("a second use in the same minute is noted again")
	}
	o.keepUses(t.Context())
	if o.state() != after {
		t.Error("a second use in the same minute is written again")
	}
	o.reopen()
	if want := noon.Add(time.Minute); !used().Equal(want) {
		t.Errorf("after a restart, used at %v, want %v", used(), want)
	}
	o.clock.forward(time.Minute)
	o.opens(secret)
	must(t, o.RevokeToken(t.Context(), o.ann, token.ID))
	gone := o.state()
	o.keepUses(t.Context())
	if o.state() != gone {
		t.Error("a use brought something of a revoked token back")
	}
}

// What was noted is written when the server is stopped, and not lost.
func TestTokenUseSurvivesAStop(t *testing.T) {
	o := openOffice(t)
	_, secret := o.token(o.ann.Member, access.Fleet)
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { o.Run(ctx) })
	o.opens(secret)
	stop()
	ended.Wait()
	if noted := o.uses.take(); len(noted) != 0 {
		t.Errorf("not written: %v", noted)
	}
	all, err := o.Tokens(t.Context(), o.ann)
	if err != nil || all[0].UsedAt.IsZero() {
		t.Errorf("used at %v, %v", all[0].UsedAt, err)
	}
}

// More uses than one transaction holds are written all the same.
func TestManyTokensInUse(t *testing.T) {
	o := openOffice(t)
	for range 2*usesAtOnce + 1 {
		_, secret := o.token("", access.Fleet)
		o.opens(secret)
	}
	o.keepUses(t.Context())
	all, err := o.Tokens(t.Context(), o.ann)
	must(t, err)
	for _, k := range all {
		if k.UsedAt.IsZero() {
			t.Fatal("the use of one is not written")
		}
	}
}

// A role was deleted while a token held it, and somebody made another of the same
// name, with more rights: the token, long forgotten, had them (403, then 200 on
// /members). The token of the operator has no owner to bound it.
func TestRoleThatTokensHoldIsNeverRevived(t *testing.T) {
	readers := func(name access.RoleName) access.Role {
		return access.Role{Name: name, Permissions: []access.Permission{access.May(access.Read, access.ResMembers)}}
	}
	for _, tt := range []struct {
		members, tokens int
		says            string // empty: it can be deleted
	}{
		{0, 0, ""},
		{1, 0, "1 member holds the role Temp."},
		{0, 1, "1 API token holds the role Temp."},
		{2, 0, "2 members hold the role Temp."},
		{1, 2, "1 member and 2 API tokens hold the role Temp."},
	} {
		t.Run(fmt.Sprint(tt.members, " members, ", tt.tokens, " tokens"), func(t *testing.T) {
			o := openOffice(t)
			must(t, o.PutRole(t.Context(), o.ann, access.Role{Name: "Temp", Permissions: []access.Permission{access.May(access.Open, access.ResFleet)}}))
			for i := range tt.members {
				o.member(fmt.Sprintf("m%d@example.org", i), "", "Temp")
			}
			for range tt.tokens {
				o.token("", "Temp", access.Fleet)
			}
			err := o.DeleteRole(t.Context(), o.ann, "Temp")
			if tt.says == "" {
				must(t, err)
				must(t, o.PutRole(t.Context(), o.ann, readers("Temp")))
				return
			}
			refused(t, err, access.Conflict, "role_in_use")
			if want := tt.says + " Give the members another one, and revoke the tokens, first."; err.Error() != want {
				t.Errorf("says %q, want %q", err, want)
			}
			o.verify()
		})
	}

	t.Run("a store in which that happened already", func(t *testing.T) {
		o := openOffice(t)
		secret := access.Secret(access.TokenPrefix) + access.NewSecret()
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutToken(access.Token{ID: "old", Name: "old", Hash: secret.Hash(), Roles: []access.RoleName{"Temp"}, MadeAt: tx.Now})
		}))
		refused(t, o.PutRole(t.Context(), o.ann, readers("Temp")), access.Conflict, "role_held")
		must(t, o.PutRole(t.Context(), o.ann, readers("temp")))
		if p, err := o.WhoToken(t.Context(), secret); err != nil || p.May(access.May(access.Read, access.ResMembers)) == nil || p.Rights.Manage() {
			t.Errorf("the old token may %v, %v", p.Rights, err)
		}
		must(t, o.RevokeToken(t.Context(), o.ann, "old"))
		must(t, o.DeleteRole(t.Context(), o.ann, "temp"))
		must(t, o.PutRole(t.Context(), o.ann, readers("Temp")))
		o.verify()
	})
}

// A role is deleted while somebody makes a token with it: one of the two is
// refused, and never does a token hold a role that is gone.
func TestTokenMadeWhileItsRoleGoes(t *testing.T) {
	for range 10 {
		o := openOffice(t)
		must(t, o.PutRole(t.Context(), o.ann, access.Role{Name: "Temp", Permissions: []access.Permission{access.May(access.Open, access.ResFleet)}}))
		errs := race(2, func(i int) error {
			if i == 0 {
				return o.DeleteRole(t.Context(), o.ann, "Temp")
			}
			_, _, err := o.MakeToken(t.Context(), o.bob, "ci", []access.RoleName{"Temp"}, 0)
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("delete: %v; make: %v", errs[0], errs[1])
		}
		o.verify()
	}
}

// What a token may do is what its roles and its owner both may, as of now.
func TestTokenWithinItsOwner(t *testing.T) {
	flows, members := access.May(access.Open, access.ResFleetFlows), access.May(access.Read, access.ResMembers)
	lake := access.May(access.Open, access.ResAILoopLake)
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
				_, err := o.ChangeAccess(t.Context(), o.ann, o.bob.Member, tt.owner)
				must(t, err)
			}
			p, err := o.WhoToken(t.Context(), secret)
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
			must(t, o.Remove(t.Context(), o.ann, o.bob.Member))
			for _, s := range secrets {
				if o.opens(s) {
					t.Error("one opens after its owner was removed")
				}
			}
			if n < 3 { // few enough to go in the same transaction
				o.onlyToken(kept.ID)
			}
			_, err := o.Sweep(t.Context())
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
	all, err := o.Tokens(o.t.Context(), o.ann)
	if err != nil || len(all) != 1 || all[0].ID != id || o.counters().Tokens != 1 {
		o.t.Errorf("%d are listed and %d counted, %v", len(all), o.counters().Tokens, err)
	}
}

// Rejecting deletes what is a pending member's, whatever it is.
func TestTokensGoWithARejectedMember(t *testing.T) {
	o := openOffice(t)
	id := o.waitingFor("kim@example.org", access.Fleet)
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutToken(access.Token{ID: "theirs", Name: "t", Hash: access.NewSecret().Hash(), Owner: id, Roles: fleetRole, MadeAt: tx.Now})
	}))
	must(t, o.Reject(t.Context(), o.ann, id, "", false))
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
	_, err := o.Suspend(t.Context(), o.ann, o.bob.Member)
	must(t, err)
	opens(false)
	_, err = o.Restore(t.Context(), o.ann, o.bob.Member)
	must(t, err)
	opens(true)
}

// "Sign out everywhere" after a theft left the thief's token. With tokens, all of
// them are dead at once, however many there are, and go.
func TestSignOutEverywhereRevokesTokens(t *testing.T) {
	for _, n := range []int{0, 1, deletesTokens, deletesTokens + 1, 3 * deletesTokens} {
		for _, tokens := range []bool{false, true} {
			t.Run(fmt.Sprint(n, " tokens: ", tokens), func(t *testing.T) {
				o := openOffice(t)
				var secrets []access.Secret
				for range n {
					_, secret := o.token(o.bob.Member, access.Fleet)
					secrets = append(secrets, secret)
				}
				_, anns := o.token(o.ann.Member, access.Fleet)
				must(t, o.SignOutEverywhere(t.Context(), o.bob, o.bob.Member, tokens))
				for _, s := range secrets {
					if o.opens(s) == tokens {
						t.Fatalf("one opens: %v", !tokens)
					}
				}
				_, later := o.token(o.bob.Member, access.Fleet)
				_, err := o.Sweep(t.Context())
				must(t, err)
				left, revoked := n+2, 0
				if tokens {
					left, revoked = 2, n
				}
				if c := o.counters(); c.Tokens != left || o.did(access.DidRevokeToken) != revoked || !o.opens(anns) || !o.opens(later) {
					t.Errorf("%d left, %d entries", c.Tokens, o.did(access.DidRevokeToken))
				}
				o.verify()
			})
		}
	}
}

// Whose tokens one may revoke so: below, equal, above.
func TestWhoRevokesTokensBySigningOut(t *testing.T) {
	changers := access.Role{Name: "Changers", Permissions: []access.Permission{access.May(access.Change, access.ResMembers), access.May(access.Read, access.ResMembers)}}
	for _, tt := range []struct {
		owner access.RoleName
		by    string
		ok    bool
	}{
		{access.Fleet, "nobody", false}, {access.Fleet, "themselves", true}, {access.Fleet, "an Admin", true},
		{"Changers", "a changer", true}, {access.Fleet, "a changer", false}, {access.Admin, "a changer", false}, {access.Admin, "an Admin", true},
	} {
		t.Run(fmt.Sprint(tt.owner, " by ", tt.by), func(t *testing.T) {
			o := openOffice(t)
			must(t, o.PutRole(t.Context(), o.ann, changers))
			id := o.member("kim@example.org", "Kim", tt.owner)
			secret := access.Secret(access.TokenPrefix) + access.NewSecret()
			must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.PutToken(access.Token{ID: "kims", Name: "t", Hash: secret.Hash(), Owner: id, Roles: []access.RoleName{tt.owner}, MadeAt: tx.Now})
			}))
			by := map[string]access.By{"nobody": o.fay, "themselves": session(id), "an Admin": o.ann,
				"a changer": session(o.member("cam@example.org", "Cam", "Changers"))}[tt.by]
			err := o.SignOutEverywhere(t.Context(), by, id, true)
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

func TestTokenRevokedByTwoAtOnce(t *testing.T) {
	o := openOffice(t)
	token, secret := o.token(o.bob.Member, access.Fleet)
	won := 0
	for _, err := range race(16, func(i int) error {
		return o.RevokeToken(t.Context(), []access.By{o.ann, o.bob}[i%2], token.ID)
	}) {
		if err == nil {
			won++
		} else {
			refused(t, err, access.NotFound, "")
		}
	}
	if won != 1 || o.did(access.DidRevokeToken) != 1 || o.counters().Tokens != 0 || o.opens(secret) {
		t.Errorf("%d won, %d entries, %d counted", won, o.did(access.DidRevokeToken), o.counters().Tokens)
	}
	o.verify()
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
					o.WhoToken(t.Context(), secret)
					for range r.IntN(20) {
						runtime.Gosched()
					}
				}
			})
		}
		for round := range 6 {
			roles := [][]access.RoleName{fleetRole, adminRole}[round%2]
			_, err := o.ChangeAccess(t.Context(), access.Operator, o.bob.Member, roles)
			must(t, err)
			p, err := o.WhoToken(t.Context(), secret)
			must(t, err)
			if reads := p.May(members) == nil; reads != (round%2 == 1) {
				t.Errorf("seed %d, round %d: with %v it reads members: %v", seed, round, roles, reads)
			}
		}
		stop.Store(true)
		users.Wait()
	}
}

// A store that an older version kept has tokens whose owners are gone, and counts
// no roles that tokens hold. The first start puts that in order, and the next one
// finds nothing to do.
func TestTokensOfAnOlderVersion(t *testing.T) {
	o := openOffice(t, onDisk)
	_, secret := o.token(o.bob.Member, access.Admin, access.Fleet)
	const orphans = 2*mendAtOnce + 1
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error { return tx.CountTokenRoles(nil) }))
	for i := range orphans {
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutToken(access.Token{ID: access.TokenID(fmt.Sprint("orphan", i)), Name: "lost", Hash: access.Secret(fmt.Sprint(i)).Hash(),
				Owner: access.MemberID(fmt.Sprintf("%026d", i)), Roles: fleetRole, MadeAt: tx.Now})
		}))
	}
	o.verify()
	if c := o.counters(); c.TokenRoles != nil || c.Tokens != orphans+1 {
		t.Fatalf("the store is not as an older version keeps it: %+v", c)
	}
	refused(t, o.PutRole(t.Context(), o.ann, access.Role{Name: "X", Permissions: []access.Permission{access.May(access.Open, access.ResFleet)}}), access.Unavailable, "tokens_uncounted")

	o.reopen()
	c := o.counters()
	if c.Tokens != 1 || c.TokenRoles[access.Admin] != 1 || c.TokenRoles[access.Fleet] != 1 || len(c.TokenRoles) != 2 {
		t.Errorf("counted: %d, %v", c.Tokens, c.TokenRoles)
	}
	if !o.opens(secret) || o.did(access.DidRevokeToken) != orphans {
		t.Errorf("%d entries", o.did(access.DidRevokeToken))
	}
	o.verify()
	before := o.state()
	o.reopen()
	if o.state() != before {
		t.Error("the next start changed something")
	}
}

// A member with as much of everything as can be had is removed, tokens and all:
// what one transaction cannot hold falls due after it.
func TestRemovingOneWithMuchOfEverything(t *testing.T) {
	o := openOffice(t)
	roles := []access.RoleName{access.AILoop, access.Fleet}
	for i := range access.MostHeld - len(roles) {
		r := access.Role{Name: access.RoleName(fmt.Sprintf("Role %c", 'A'+i)), Permissions: []access.Permission{access.May(access.Open, access.ResFleet)}}
		must(t, o.PutRole(t.Context(), o.ann, r))
		roles = append(roles, r.Name)
	}
	name := "Ada Byron Cora Dina Edda Fina Gina Hanna Ida Jana Kira Lena Mona Nora Olga Petra Rosa Sara Tina Ulla Vera Wanda Xena Yara Zora"
	id := o.member("a.b.c.d.e.f.g.h@one.two.three.example.org", name, roles...)
	for range 5 {
		o.enterAs("a.b.c.d.e.f.g.h@one.two.three.example.org")
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutToken(access.Token{ID: access.TokenID(access.NewID()), Name: "t", Hash: access.NewSecret().Hash(), Owner: id, Roles: roles, MadeAt: tx.Now})
		}))
	}
	must(t, o.Remove(t.Context(), o.ann, id))
	_, err := o.Sweep(t.Context())
	must(t, err)
	if c := o.counters(); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("%d tokens are left, %v", c.Tokens, c.TokenRoles)
	}
	o.verify()
}
