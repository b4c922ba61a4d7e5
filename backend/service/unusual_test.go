package service_test

import (
	"errors"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

func noticed(kind access.Trace, from string, n int) access.TraceCount {
	x := access.TraceCount{Trace: kind}
	x.Add(from, n)
	return x
}

// Somebody attacks in every way at once, for a day, without a pause, and from
// everywhere. That must not fill the audit log, which cannot be emptied.
func TestAttackersDoNotFillTheAuditLog(t *testing.T) {
	fx := newFixture(t)
	before := fx.did(access.ActionNoticeUnusual)
	for range 24 * 60 / 5 {
		var all []access.TraceCount
		for _, kind := range access.Traces {
			all = append(all, noticed(kind, fx.clock.now().Format("15:04"), 1000))
		}
		must(t, fx.Dashboard.Notice(t.Context(), all))
		fx.sweep()
		fx.clock.forward(5 * time.Minute)
	}
	n := fx.did(access.ActionNoticeUnusual) - before
	if limit := len(access.Traces) * 26; n > limit || n < len(access.Traces)*20 {
		t.Errorf("%d entries in a day, want at most %d", n, limit)
	}
	u, err := fx.Dashboard.Unusual(t.Context(), fx.ann)
	must(t, err)
	if len(u.Days) != len(access.Traces) || !u.High || !u.Days[0].More {
		t.Errorf("%+v", u)
	}
	fx.verify()
}

// An attacker makes the server restart to stay unseen: what was noticed, and what
// the audit log has yet to record, survives a restart.
func TestUnusualOutlivesARestart(t *testing.T) {
	fx := newFixture(t, onDisk)
	must(t, fx.Dashboard.Notice(t.Context(), []access.TraceCount{
		noticed(access.TraceWrongCode, "203.0.113.9", 120),
		noticed(access.TraceDeadLink, "2001:db8::/64", 2),
	}))
	fx.reopen()
	steps := []struct {
		name    string
		after   time.Duration
		entries int
	}{
		{"a second before it is due", access.TraceInterval - time.Second, 0},
		{"as it is due", access.TraceInterval, 2},
		{"later", time.Hour, 2},
	}
	for _, s := range steps {
		fx.clock.forward(noon.Add(s.after).Sub(fx.clock.now()))
		fx.sweep()
		if n := fx.did(access.ActionNoticeUnusual); n != s.entries {
			t.Errorf("%s: %d entries, want %d", s.name, n, s.entries)
		}
	}
	p, err := fx.Audit.Find(t.Context(), fx.ann, AuditQuery{Target: string(access.TraceWrongCode)})
	must(t, err)
	if len(p.Items) != 1 || p.Items[0].Detail != "120 wrong login codes from 203.0.113.9" ||
		!p.Items[0].Actor.IsSystem() {
		t.Errorf("the entry: %+v", p.Items)
	}
	u, err := fx.Dashboard.Unusual(t.Context(), fx.ann)
	must(t, err)
	if u.Total != 122 || u.Days[0].Count != 120 || u.Days[1].MostFrom != "2001:db8::/64" {
		t.Errorf("%+v", u)
	}
	v, err := fx.Dashboard.Overview(t.Context(), fx.ann)
	must(t, err)
	if v.Unusual.Total != 122 || !v.Unusual.High {
		t.Errorf("the overview: %+v", v.Unusual)
	}
	fx.verify()
}

// An unknown kind, or a count of nothing, is not stored: nobody makes the store
// grow by inventing names.
func TestOnlyKnownKindsAreKept(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.Dashboard.Notice(t.Context(), []access.TraceCount{
		noticed("made_up", "203.0.113.9", 5),
		noticed(access.TraceBadToken, "203.0.113.9", 0),
	}))
	u, err := fx.Dashboard.Unusual(t.Context(), fx.ann)
	must(t, err)
	if u.Total != 0 || len(u.Days) != 0 || u.High {
		t.Errorf("%+v", u)
	}
	if _, err := fx.Dashboard.Unusual(t.Context(), fx.fay); !access.Forbidden.Is(err) {
		t.Errorf("Fleet reads it: %v", err)
	}
}

// A secret that no longer works because its holder signed out, or because the
// session was rotated, is no attack; one that was never issued is.
func TestUnknownIsToldFromEnded(t *testing.T) {
	fx := newFixture(t)
	enter := func() access.Secret {
		_, link, err := fx.Setup.LoginLink(t.Context(), access.Operator, mail(t, "ann@example.org"))
		must(t, err)
		e, err := fx.SignIn.RedeemLink(t.Context(), secretOf(link), browser("b"))
		must(t, err)
		return e.Session
	}
	out, rotated, everywhere := enter(), enter(), enter()
	must(t, fx.Gate.SignOut(t.Context(), fx.ann, out))
	_, err := fx.Gate.Rotate(t.Context(), rotated)
	must(t, err)
	must(t, fx.Sessions.SignOutEverywhere(t.Context(), fx.ann, fx.ann.Member, false))
	tests := []struct {
		name    string
		secret  access.Secret
		unknown bool
	}{
		{"signed out", out, false},
		{"has a new one", rotated, false},
		{"signed out everywhere", everywhere, false},
		{"made up", access.NewSecret(), true},
		{"made up for a window", access.NewDesktopSecret(), true},
		{"no secret's shape", "x", true},
	}
	for _, tt := range tests {
		_, err := fx.Gate.Principal(t.Context(), tt.secret)
		if !access.SignedOut.Is(err) || errors.Is(err, access.ErrUnknownCode) != tt.unknown {
			t.Errorf("%s: %v, want unknown %v", tt.name, err, tt.unknown)
		}
	}
}
