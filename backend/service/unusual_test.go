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
// everywhere. They must not fill the audit log with it: it cannot be emptied.
func TestAttackersDoNotFillTheAuditLog(t *testing.T) {
	o := openOffice(t)
	before := o.did(access.ActionNoticeUnusual)
	for range 24 * 60 / 5 {
		var all []access.TraceCount
		for _, kind := range access.Traces {
			all = append(all, noticed(kind, o.clock.now().Format("15:04"), 1000))
		}
		must(t, o.Dashboard.Notice(t.Context(), all))
		o.sweep()
		o.clock.forward(5 * time.Minute)
	}
	n := o.did(access.ActionNoticeUnusual) - before
	if most := len(access.Traces) * 26; n > most || n < len(access.Traces)*20 {
		t.Errorf("%d entries in a day, want at most %d", n, most)
	}
	u, err := o.Dashboard.Unusual(t.Context(), o.ann)
	must(t, err)
	if len(u.Days) != len(access.Traces) || !u.High || !u.Days[0].More {
		t.Errorf("%+v", u)
	}
	o.verify()
}

// What was noticed, and what the audit log is to be told of it, outlives a
// restart: an attacker who can make the server start again would else be unseen.
func TestUnusualOutlivesARestart(t *testing.T) {
	o := openOffice(t, onDisk)
	must(t, o.Dashboard.Notice(t.Context(), []access.TraceCount{
		noticed(access.TraceWrongCode, "203.0.113.9", 120),
		noticed(access.TraceDeadLink, "2001:db8::/64", 2),
	}))
	o.reopen()
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
		o.clock.forward(noon.Add(s.after).Sub(o.clock.now()))
		o.sweep()
		if n := o.did(access.ActionNoticeUnusual); n != s.entries {
			t.Errorf("%s: %d entries, want %d", s.name, n, s.entries)
		}
	}
	p, err := o.Audit.Find(t.Context(), o.ann, AuditQuery{Target: string(access.TraceWrongCode)})
	must(t, err)
	if len(p.Items) != 1 || p.Items[0].Detail != "120 wrong login codes from 203.0.113.9" ||
		!p.Items[0].Actor.IsSystem() {
		t.Errorf("the entry: %+v", p.Items)
	}
	u, err := o.Dashboard.Unusual(t.Context(), o.ann)
	must(t, err)
	if u.Total != 122 || u.Days[0].Count != 120 || u.Days[1].MostFrom != "2001:db8::/64" {
		t.Errorf("%+v", u)
	}
	v, err := o.Dashboard.Overview(t.Context(), o.ann)
	must(t, err)
	if v.Unusual.Total != 122 || !v.Unusual.High {
		t.Errorf("the overview: %+v", v.Unusual)
	}
	o.verify()
}

// What is no kind, or nothing, is not kept: nobody makes the store grow by a name.
func TestOnlyKnownKindsAreKept(t *testing.T) {
	o := openOffice(t)
	must(t, o.Dashboard.Notice(t.Context(), []access.TraceCount{
		noticed("made_up", "203.0.113.9", 5),
		noticed(access.TraceBadToken, "203.0.113.9", 0),
	}))
	u, err := o.Dashboard.Unusual(t.Context(), o.ann)
	must(t, err)
	if u.Total != 0 || len(u.Days) != 0 || u.High {
		t.Errorf("%+v", u)
	}
	if _, err := o.Dashboard.Unusual(t.Context(), o.fay); !access.Forbidden.Is(err) {
		t.Errorf("Fleet reads it: %v", err)
	}
}

// A secret that is worth nothing because its holder signed out, or their session
// got a new one, is no attack; one that was never given out is.
func TestUnknownIsToldFromEnded(t *testing.T) {
	o := openOffice(t)
	enter := func() access.Secret {
		_, link, err := o.Setup.LoginLink(t.Context(), access.Operator, mail(t, "ann@example.org"))
		must(t, err)
		e, err := o.SignIn.RedeemLink(t.Context(), secretOf(link), browser("b"))
		must(t, err)
		return e.Session
	}
	out, rotated, everywhere := enter(), enter(), enter()
	must(t, o.Gate.SignOut(t.Context(), o.ann, out))
	_, err := o.Gate.Rotate(t.Context(), rotated)
	must(t, err)
	must(t, o.Sessions.SignOutEverywhere(t.Context(), o.ann, o.ann.Member, false))
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
		_, err := o.Gate.Principal(t.Context(), tt.secret)
		if !access.SignedOut.Is(err) || errors.Is(err, access.ErrUnknownCode) != tt.unknown {
			t.Errorf("%s: %v, want unknown %v", tt.name, err, tt.unknown)
		}
	}
}
