package access

import (
	"testing"
	"time"
)

// Each lifetime has its shortest and its longest, and what lasts without use lasts no longer
// than in all.
func TestLifetimesCheck(t *testing.T) {
	const day = 24 * time.Hour
	type set = map[Lifetime]time.Duration
	longer := func(l Lifetime, d time.Duration) set { // with what it may not be longer than
		s := set{l: d}
		switch l {
		case LifetimeMemberSession:
			s[LifetimeMemberIdle] = 5 * time.Minute
		case LifetimeAdminIdle:
			s[LifetimeAdminSession] = 7 * day
		case LifetimeLongestToken:
			s[LifetimeToken] = time.Hour
		}
		return s
	}
	for _, row := range []struct {
		lifetime Lifetime
		min, max time.Duration
		want     string
	}{
		{LifetimeSignInLink, 5 * time.Minute, time.Hour, "This can last from 5 minutes to 1 hour."},
		{LifetimePendingAccount, day, 365 * day, "This can last from 24 hours to 365 days."},
		{LifetimeMemberIdle, 5 * time.Minute, 30 * day, "This can last from 5 minutes to 30 days."},
		{LifetimeMemberSession, time.Hour, 30 * day, "This can last from 1 hour to 30 days."},
		{LifetimeAdminIdle, 5 * time.Minute, day, "This can last from 5 minutes to 24 hours."},
		{LifetimeAdminSession, time.Hour, 7 * day, "This can last from 1 hour to 7 days."},
		{LifetimeToken, time.Hour, 366 * day, "This can last from 1 hour to 366 days."},
		{LifetimeLongestToken, day, 366 * day, "This can last from 24 hours to 366 days."},
	} {
		for _, tt := range []struct {
			lasts time.Duration
			good  bool
		}{
			{row.min - time.Minute, false},
			{row.min, true},
			{row.min + time.Minute, true},
			{row.max - time.Minute, true},
			{row.max, true},
			{row.max + time.Minute, false},
			{-time.Minute, false},
		} {
			l, _ := Lifetimes(nil).With(longer(row.lifetime, tt.lasts))
			err := l.Check()
			if tt.good {
				if err != nil {
					t.Errorf("%s of %v: %v", row.lifetime, tt.lasts, err)
				}
				continue
			}
			e := Explain(err)
			if err == nil || e.Error() != row.want || e.Field != "lifetimes."+string(row.lifetime) ||
				e.Code != "expiry_out_of_range" {
				t.Errorf("%s of %v: %v on %q, want %q", row.lifetime, tt.lasts, err, e.Field, row.want)
			}
		}
	}
}

func TestLifetimesCheckEachOther(t *testing.T) {
	type set = map[Lifetime]time.Duration
	for name, tt := range map[string]struct {
		set  set
		want string
	}{
		"as long without use": {set{LifetimeMemberIdle: 8 * time.Hour, LifetimeMemberSession: 8 * time.Hour}, ""},
		"longer without use": {set{LifetimeMemberIdle: 8*time.Hour + time.Minute, LifetimeMemberSession: 8 * time.Hour},
			"The idle limit cannot be longer than the session itself: 8 hours."},
		"an Admin's, as long": {set{LifetimeAdminIdle: time.Hour, LifetimeAdminSession: time.Hour}, ""},
		"an Admin's, longer": {set{LifetimeAdminIdle: 61 * time.Minute, LifetimeAdminSession: time.Hour},
			"The idle limit cannot be longer than the session itself: 1 hour."},
		"less than the default without use": {set{LifetimeMemberSession: 24 * time.Hour},
			"The idle limit cannot be longer than the session itself: 24 hours."},
		"a token by default as at most": {set{LifetimeToken: 30 * 24 * time.Hour,
			LifetimeLongestToken: 30 * 24 * time.Hour}, ""},
		"a token longer by default": {set{LifetimeLongestToken: 30 * 24 * time.Hour},
			"The default cannot be longer than the maximum: 30 days."},
	} {
		l, _ := Lifetimes(nil).With(tt.set)
		if err := l.Check(); tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// What is set to its default follows the default of a later version; changing a copy leaves
// the original.
func TestLifetimesWith(t *testing.T) {
	first, what := Lifetimes(nil).With(map[Lifetime]time.Duration{
		LifetimeSignInLink: 30 * time.Minute, LifetimeToken: 90 * 24 * time.Hour})
	if len(first) != 1 || first.Of(LifetimeSignInLink) != 30*time.Minute || first.Of(LifetimeToken) != DefaultTokenTTL {
		t.Errorf("%v", first)
	}
	if len(what) != 2 || what[0] != "login link 30 minutes" || what[1] != "token by default 90 days" {
		t.Errorf("the audit log says %q", what)
	}
	second, _ := first.With(map[Lifetime]time.Duration{LifetimeSignInLink: 0})
	if len(second) != 0 || second.Of(LifetimeSignInLink) != SignInTTL {
		t.Errorf("reset: %v", second)
	}
	if len(first) != 1 {
		t.Errorf("the original changed: %v", first)
	}
}
