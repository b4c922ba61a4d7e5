package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

type lifetimes = map[access.Lifetime]time.Duration

func (fx *fixture) setLifetimes(l lifetimes) {
	fx.t.Helper()
	_, err := fx.Settings.Change(fx.t.Context(), access.Operator, SettingsChange{Lifetimes: l})
	must(fx.t, err)
}

// Somebody left a browser signed in on another's computer, and an Admin shortens sessions
// because of it. The session that is open there, which the gate has just answered from its
// cache, has to end with its next request, and is no longer listed.
func TestShorterSessionsEndThoseThatAreOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		who  string
		used bool // meanwhile
		set  lifetimes
	}{
		"a member's, without use": {"fay@example.org", false, lifetimes{access.LifetimeMemberIdle: 10 * time.Minute}},
		"a member's, in all": {"fay@example.org", true,
			lifetimes{access.LifetimeMemberSession: time.Hour, access.LifetimeMemberIdle: time.Hour}},
		"an Admin's, without use": {"bob@example.org", false, lifetimes{access.LifetimeAdminIdle: 10 * time.Minute}},
		"an Admin's, in all":      {"bob@example.org", true, lifetimes{access.LifetimeAdminSession: time.Hour}},
	} {
		fx := newFixture(t)
		left := fx.enterAs(tt.who)
		steps := 1
		if tt.used {
			steps = 4
		}
		for range steps {
			fx.clock.forward(20 * time.Minute)
			if tt.used {
				_, err := fx.Gate.Principal(t.Context(), left)
				must(t, err)
			}
		}
		p, err := fx.Gate.Listener(t.Context(), left)
		must(t, err)
		listed := func() bool {
			all, err := fx.Sessions.List(t.Context(), access.Operator, p.Actor.Member)
			must(t, err)
			return slices.ContainsFunc(all, func(s access.Session) bool { return s.Hash == left.Hash() })
		}
		if !listed() {
			t.Fatalf("%s: it is not listed before", name)
		}
		fx.setLifetimes(tt.set)
		if _, err := fx.Gate.Principal(t.Context(), left); !access.SignedOut.Is(err) {
			t.Errorf("%s: the open session goes on: %v", name, err)
		}
		if listed() {
			t.Errorf("%s: it is still listed", name)
		}
		fx.verify()
	}
}

// Longer sessions go on past the default, to the microsecond that was set.
func TestLongerSessions(t *testing.T) {
	fx := newFixture(t)
	bob := fx.enterAs("bob@example.org")
	fx.setLifetimes(lifetimes{access.LifetimeAdminIdle: 2 * time.Hour})
	fx.clock.forward(2*time.Hour - time.Microsecond)
	p, err := fx.Gate.Listener(t.Context(), bob)
	must(t, err)
	if left := p.ExpiresAt().Sub(fx.clock.now()); left != time.Microsecond {
		t.Errorf("it says that it lasts for %v more", left)
	}
	fx.clock.forward(time.Microsecond)
	if _, err := fx.Gate.Listener(t.Context(), bob); !access.SignedOut.Is(err) {
		t.Errorf("at its end: %v", err)
	}
}

// What is set is in the audit log; what is refused is not, and changes nothing.
func TestLifetimesAreAudited(t *testing.T) {
	fx := newFixture(t)
	before := fx.state()
	for _, wrong := range []lifetimes{
		{access.LifetimeSignInLink: 61 * time.Minute},
		{access.LifetimeAdminIdle: time.Minute},
		{access.LifetimeMemberSession: 24 * time.Hour}, // less than without use
	} {
		_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Lifetimes: wrong})
		refused(t, err, access.Invalid, "expiry_out_of_range")
	}
	_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Lifetimes: lifetimes{"soup": time.Hour}})
	refused(t, err, access.Invalid, "nothing_to_change")
	if fx.state() != before {
		t.Error("refused, and something changed")
	}
	fx.setLifetimes(lifetimes{access.LifetimeSignInLink: time.Hour, access.LifetimeAdminIdle: 10 * time.Minute})
	const says = "login link 1 hour, session without use of those who manage members 10 minutes"
	if !strings.Contains(fx.state(), says) {
		t.Errorf("the audit log does not say %q", says)
	}
	fx.setLifetimes(lifetimes{access.LifetimeSignInLink: 0})
	set, err := fx.Settings.Get(t.Context(), fx.ann)
	must(t, err)
	if len(set.Lifetimes) != 1 || set.Lifetimes.Of(access.LifetimeSignInLink) != access.SignInTTL {
		t.Errorf("after the reset: %v", set.Lifetimes)
	}
	fx.verify()
}

// A token lasts as the settings say unless it is told otherwise, and never longer than they
// allow; those that exist stay as they are.
func TestTokensLastAsTheSettingsSay(t *testing.T) {
	fx := newFixture(t)
	roles := []access.RoleName{access.Fleet}
	old, _, err := fx.Tokens.Create(t.Context(), fx.ann, "old", roles, 0)
	must(t, err)
	if lasts := old.ExpiresAt.Sub(fx.clock.now()); lasts != access.DefaultTokenTTL {
		t.Errorf("by default a token lasts %v", lasts)
	}
	fx.setLifetimes(lifetimes{access.LifetimeToken: 2 * time.Hour, access.LifetimeLongestToken: 48 * time.Hour})
	fresh, _, err := fx.Tokens.Create(t.Context(), fx.ann, "new", roles, 0)
	must(t, err)
	if lasts := fresh.ExpiresAt.Sub(fx.clock.now()); lasts != 2*time.Hour {
		t.Errorf("a token lasts %v", lasts)
	}
	_, _, err = fx.Tokens.Create(t.Context(), fx.ann, "most", roles, 48*time.Hour)
	must(t, err)
	_, _, err = fx.Tokens.Create(t.Context(), fx.ann, "longer", roles, 48*time.Hour+time.Minute)
	refused(t, err, access.Invalid, "expiry_out_of_range")
	if err == nil || err.Error() != "A token can last from 1 hour to 2 days." {
		t.Errorf("%v", err)
	}
	all, err := fx.Tokens.List(t.Context(), access.Operator)
	must(t, err)
	again := all[slices.IndexFunc(all, func(t access.Token) bool { return t.ID == old.ID })]
	if !again.ExpiresAt.Equal(old.ExpiresAt) {
		t.Errorf("the older token expires at %v instead of %v", again.ExpiresAt, old.ExpiresAt)
	}
}
