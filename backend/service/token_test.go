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

// token makes an API token for somebody, in a session that was confirmed.
func (o *office) token(id access.MemberID, roles ...access.RoleName) (access.Token, access.Secret) {
	o.t.Helper()
	actor := access.Operator
	if id != "" {
		actor = o.confirmed(id)
	}
	token, secret, err := o.Tokens.Create(o.t.Context(), actor, "for a test", roles, 0)
	must(o.t, err)
	return token, secret
}

// opens reports whether the token's secret opens anything, and checks that a
// refusal is the one for all bad tokens.
func (o *office) opens(secret access.Secret) bool {
	o.t.Helper()
	_, err := o.Gate.TokenPrincipal(o.t.Context(), secret)
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
		token, _, err := o.Tokens.Create(t.Context(), o.ann, "ci", fleetRole, tt.asked)
		if tt.want == 0 {
			refused(t, err, access.Invalid, "expiry_out_of_range")
		} else if err != nil || token.ExpiresAt.Sub(token.CreatedAt) != tt.want {
			t.Errorf("asked for %s: until %v, %v", tt.asked, token.ExpiresAt, err)
		}
	}
}

// The end comes to the microsecond, also where the gate remembers the token.
func TestTokenExpires(t *testing.T) {
	o := openOffice(t)
	_, secret, err := o.Tokens.Create(t.Context(), o.ann, "ci", fleetRole, time.Hour)
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

func TestMostTokens(t *testing.T) {
	o := openOffice(t)
	for range store.MaxTokens - 1 {
		o.token("", access.Fleet)
	}
	last, _ := o.token("", access.Fleet)
	_, _, err := o.Tokens.Create(t.Context(), o.ann, "ci", fleetRole, 0)
	refused(t, err, access.Conflict, "too_many_tokens")
	must(t, o.Tokens.Revoke(t.Context(), o.ann, last.ID))
	o.token("", access.Fleet)
	if all, err := o.Tokens.List(t.Context(), o.ann); err != nil || len(all) != store.MaxTokens {
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
		all, err := o.Tokens.List(t.Context(), o.ann)
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
	o.Gate.KeepUses(t.Context())
	after := o.state()
	o.opens(secret)
	o.Gate.KeepUses(t.Context())
	if o.state() != after {
		t.Error("a second use in the same minute is written again")
	}
	o.reopen()
	if want := noon.Add(time.Minute); !used().Equal(want) {
		t.Errorf("after a restart, used at %v, want %v", used(), want)
	}
	o.clock.forward(time.Minute)
	o.opens(secret)
	must(t, o.Tokens.Revoke(t.Context(), o.ann, token.ID))
	gone := o.state()
	o.Gate.KeepUses(t.Context())
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
	ended.Go(func() { o.Jobs.Run(ctx) })
	o.opens(secret)
	stop()
	ended.Wait()
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Tokens.List(store.MaxTokens)
		if err != nil || all[0].UsedAt.IsZero() {
			t.Errorf("used at %v, %v", all[0].UsedAt, err)
		}
		return err
	}))
}

func TestTokenRevokedByTwoAtOnce(t *testing.T) {
	o := openOffice(t)
	token, secret := o.token(o.bob.Member, access.Fleet)
	won := 0
	for _, err := range race(16, func(i int) error {
		return o.Tokens.Revoke(t.Context(), []access.Actor{o.ann, o.bob}[i%2], token.ID)
	}) {
		if err == nil {
			won++
		} else {
			refused(t, err, access.NotFound, "")
		}
	}
	if won != 1 || o.did(access.ActionRevokeToken) != 1 || o.counters().Tokens != 0 || o.opens(secret) {
		t.Errorf("%d won, %d entries, %d counted", won, o.did(access.ActionRevokeToken), o.counters().Tokens)
	}
	o.verify()
}
