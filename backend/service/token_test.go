package service_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

var (
	fleetRole = []access.RoleName{access.Fleet}
	adminRole = []access.RoleName{access.Admin}
)

// token makes an API token for a member, in a confirmed session.
func (fx *fixture) token(id access.MemberID, roles ...access.RoleName) (access.Token, access.Secret) {
	fx.t.Helper()
	actor := access.Operator
	if id != "" {
		actor = fx.confirmed(id)
	}
	token, secret, err := fx.Tokens.Create(fx.t.Context(), actor, "for a test", roles, 0)
	must(fx.t, err)
	return token, secret
}

// opens reports whether the token's secret is accepted. A refusal has to be the
// one that all bad tokens get.
func (fx *fixture) opens(secret access.Secret) bool {
	fx.t.Helper()
	_, err := fx.Gate.TokenPrincipal(fx.t.Context(), secret)
	if err != nil {
		refused(fx.t, err, access.SignedOut, "bad_token")
	}
	return err == nil
}

func (fx *fixture) counters() (c access.Counters) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Counters()
		return err
	}))
	return c
}

// Every token expires, whether or not its maker set a lifetime.
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
		fx := newFixture(t)
		token, _, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", fleetRole, tt.asked)
		if tt.want == 0 {
			refused(t, err, access.Invalid, "expiry_out_of_range")
		} else if err != nil || token.ExpiresAt.Sub(token.CreatedAt) != tt.want {
			t.Errorf("asked for %s: until %v, %v", tt.asked, token.ExpiresAt, err)
		}
	}
}

// A token expires on the microsecond, also when the gate has cached it.
func TestTokenExpires(t *testing.T) {
	fx := newFixture(t)
	_, secret, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", fleetRole, time.Hour)
	must(t, err)
	for _, step := range []struct {
		forward time.Duration
		opens   bool
	}{{0, true}, {time.Hour - time.Microsecond, true}, {time.Microsecond, false}, {time.Microsecond, false}} {
		fx.clock.forward(step.forward)
		if fx.opens(secret) != step.opens {
			t.Errorf("%s after it was made, it opens: %v", fx.clock.now().Sub(noon), !step.opens)
		}
	}
}

func TestMostTokens(t *testing.T) {
	fx := newFixture(t)
	for range store.MaxTokens - 1 {
		fx.token("", access.Fleet)
	}
	last, _ := fx.token("", access.Fleet)
	_, _, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", fleetRole, 0)
	refused(t, err, access.Conflict, "too_many_tokens")
	must(t, fx.Tokens.Revoke(t.Context(), fx.ann, last.ID))
	fx.token("", access.Fleet)
	if all, err := fx.Tokens.List(t.Context(), fx.ann); err != nil || len(all) != store.MaxTokens {
		t.Errorf("%d are listed, %v", len(all), err)
	}
	fx.verify()
}

// A leaked token was used, and nobody could see it: "last used: never". Now its
// use is known to the minute, without a write during any request.
func TestTokenUseIsNoted(t *testing.T) {
	fx := newFixture(t, onDisk)
	token, secret := fx.token(fx.ann.Member, access.Fleet)
	used := func() time.Time {
		all, err := fx.Tokens.List(t.Context(), fx.ann)
		must(t, err)
		return all[0].UsedAt
	}
	if !used().IsZero() {
		t.Errorf("unused, and used at %v", used())
	}
	fx.clock.forward(90 * time.Second)
	before := fx.state()
	for range 1000 {
		fx.opens(secret)
	}
	if fx.state() != before {
		t.Error("a request wrote something")
	}
	if want := noon.Add(time.Minute); !used().Equal(want) {
		t.Errorf("used at %v, want %v", used(), want)
	}
	fx.Gate.KeepUses(t.Context())
	after := fx.state()
	fx.opens(secret)
	fx.Gate.KeepUses(t.Context())
	if fx.state() != after {
		t.Error("a second use in the same minute is written again")
	}
	fx.reopen()
	if want := noon.Add(time.Minute); !used().Equal(want) {
		t.Errorf("after a restart, used at %v, want %v", used(), want)
	}
	fx.clock.forward(time.Minute)
	fx.opens(secret)
	must(t, fx.Tokens.Revoke(t.Context(), fx.ann, token.ID))
	gone := fx.state()
	fx.Gate.KeepUses(t.Context())
	if fx.state() != gone {
		t.Error("a use brought something of a revoked token back")
	}
}

// A noted use is written when the server stops, and not lost.
func TestTokenUseSurvivesAStop(t *testing.T) {
	fx := newFixture(t)
	_, secret := fx.token(fx.ann.Member, access.Fleet)
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { fx.Jobs.Run(ctx) })
	fx.opens(secret)
	stop()
	ended.Wait()
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Tokens.List(store.MaxTokens)
		if err != nil || all[0].UsedAt.IsZero() {
			t.Errorf("used at %v, %v", all[0].UsedAt, err)
		}
		return err
	}))
}

func TestTokenRevokedByTwoAtOnce(t *testing.T) {
	fx := newFixture(t)
	token, secret := fx.token(fx.bob.Member, access.Fleet)
	won := 0
	for _, err := range race(16, func(i int) error {
		return fx.Tokens.Revoke(t.Context(), []access.Actor{fx.ann, fx.bob}[i%2], token.ID)
	}) {
		if err == nil {
			won++
		} else {
			refused(t, err, access.NotFound, "")
		}
	}
	if won != 1 || fx.did(access.ActionRevokeToken) != 1 || fx.counters().Tokens != 0 || fx.opens(secret) {
		t.Errorf("%d won, %d entries, %d counted", won, fx.did(access.ActionRevokeToken), fx.counters().Tokens)
	}
	fx.verify()
}
