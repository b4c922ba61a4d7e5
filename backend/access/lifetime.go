package access

import (
	"maps"
	"time"
)

// A Lifetime names one of the lifetimes that an Admin can set, as the API does.
type Lifetime string

// The lifetimes that can be set. The others are part of what keeps strangers out, and do not
// change: see docs/security.md.
const (
	LifetimeSignInLink     Lifetime = "sign_in_link"    // a login link or code that was requested
	LifetimePendingAccount Lifetime = "pending_account" // an account that nobody decides on
	LifetimeMemberIdle     Lifetime = "session_idle"    // a session that nobody uses
	LifetimeMemberSession  Lifetime = "session"         // a session in all
	LifetimeAdminIdle      Lifetime = "session_idle_managers"
	LifetimeAdminSession   Lifetime = "session_managers"
	LifetimeToken          Lifetime = "token"         // an API token, unless its maker chooses
	LifetimeLongestToken   Lifetime = "token_longest" // the longest that its maker can choose
)

// A LifetimeRule is what a lifetime is unless an Admin sets it, and how far it can be set.
type LifetimeRule struct {
	Lifetime Lifetime
	Default  time.Duration
	Min, Max time.Duration
	what     string // for the audit log
}

// LifetimeRules are the rules of all lifetimes that can be set. Requests for a login link are
// stored until it expires, for any address and from any visitor, so that one is short. Sessions
// are deleted after MaxSessionTTL, whatever the settings were.
var LifetimeRules = []LifetimeRule{
	{LifetimeSignInLink, SignInTTL, 5 * time.Minute, time.Hour, "login link"},
	{LifetimePendingAccount, PendingTTL, 24 * time.Hour, 365 * 24 * time.Hour, "pending account"},
	{LifetimeMemberIdle, MemberIdleTTL, 5 * time.Minute, MaxSessionTTL, "session without use"},
	{LifetimeMemberSession, MemberSessionTTL, time.Hour, MaxSessionTTL, "session"},
	{LifetimeAdminIdle, AdminIdleTTL, 5 * time.Minute, 24 * time.Hour,
		"session without use of those who manage members"},
	{LifetimeAdminSession, AdminSessionTTL, time.Hour, 7 * 24 * time.Hour, "session of those who manage members"},
	{LifetimeToken, DefaultTokenTTL, MinTokenTTL, MaxTokenTTL, "token by default"},
	{LifetimeLongestToken, MaxTokenTTL, 24 * time.Hour, MaxTokenTTL, "token at most"},
}

// OutOfBounds is the refusal of what is shorter or longer than the rule allows.
func (r LifetimeRule) OutOfBounds() error {
	return Errorf(Invalid, "This can last from %s to %s.", Span(r.Min), Span(r.Max)).
		On(r.Lifetime.Field()).WithCode("expiry_out_of_range")
}

func ruleOf(l Lifetime) (LifetimeRule, bool) {
	for _, r := range LifetimeRules {
		if r.Lifetime == l {
			return r, true
		}
	}
	return LifetimeRule{}, false
}

// Field is how errors name the lifetime.
func (l Lifetime) Field() string { return "lifetimes." + string(l) }

// Lifetimes are the lifetimes that an Admin set. One that is missing is its default.
type Lifetimes map[Lifetime]Duration

// Of returns how long that lasts.
func (s Lifetimes) Of(l Lifetime) time.Duration {
	if d := s[l]; d != 0 {
		return d.Std()
	}
	r, _ := ruleOf(l)
	return r.Default
}

// With returns the lifetimes with some changed, and what changed, for the audit log. Zero
// restores the default.
func (s Lifetimes) With(change map[Lifetime]time.Duration) (out Lifetimes, what []string) {
	out = maps.Clone(s)
	if out == nil {
		out = Lifetimes{}
	}
	for _, r := range LifetimeRules {
		lasts, given := change[r.Lifetime]
		if !given {
			continue
		}
		if delete(out, r.Lifetime); lasts != 0 && lasts != r.Default {
			out[r.Lifetime] = Seconds(lasts)
		}
		what = append(what, r.what+" "+Span(out.Of(r.Lifetime)).String())
	}
	return out, what
}

// Check returns what is wrong with the lifetimes: one beyond its bounds, an idle limit that is
// longer than its session, or a default of tokens that is longer than their maximum. The error
// names the field.
func (s Lifetimes) Check() error {
	for _, r := range LifetimeRules {
		if d := s.Of(r.Lifetime); d < r.Min || d > r.Max {
			return r.OutOfBounds()
		}
	}
	for _, session := range []struct{ idle, all Lifetime }{
		{LifetimeMemberIdle, LifetimeMemberSession},
		{LifetimeAdminIdle, LifetimeAdminSession},
	} {
		if limit := s.Of(session.all); s.Of(session.idle) > limit {
			return Errorf(Invalid, "The idle limit cannot be longer than the session itself: %s.",
				Span(limit)).On(session.idle.Field()).WithCode("expiry_out_of_range")
		}
	}
	if longest := s.Of(LifetimeLongestToken); s.Of(LifetimeToken) > longest {
		return Errorf(Invalid, "The default cannot be longer than the maximum: %s.",
			Span(longest)).On(LifetimeToken.Field()).WithCode("expiry_out_of_range")
	}
	return nil
}
