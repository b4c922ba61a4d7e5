package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// traceLines returns the log lines about unusual events.
func traceLines(s *webtest.Server) (all []string) {
	for line := range strings.Lines(s.Log.String()) {
		if strings.Contains(line, web.UnusualSentence) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

var traceLine = regexp.MustCompile(`^time=\S+ level=WARN msg="unusual event" kind=([a-z_]+) network=(\S+) count=(\d+)$`)

// kept counts what the store has of each kind, after a beat.
func kept(s *webtest.Server) map[access.Trace]int {
	s.T.Helper()
	s.Web.BeatTraces()
	s.Web.KeepTraces(bg)
	u, err := s.Service.Dashboard.Unusual(bg, s.Admin)
	s.Must(err)
	all := map[access.Trace]int{}
	for _, d := range u.Days {
		all[d.Trace] = d.Count
	}
	return all
}

// Nobody notices an attack that leaves no trace: 70 made-up tokens and cookies, 6
// wrong codes, 300 links, other hosts' names, foreign forms, refused bodies and
// wrong setup links left not one line. Each kind now leaves one at once, and is
// counted in full.
func TestAttacksLeaveTraces(t *testing.T) {
	code := func(b *webtest.Browser) {
		page := b.Post(b.Get("/login"), "/login", "email", "grace@example.org")
		b.Post(page, "/login/code", "code", "0000-0000", "email", "grace@example.org")
	}
	tests := []struct {
		kind   access.Trace
		times  int
		attack func(b *webtest.Browser)
	}{
		{access.TraceBadToken, 30, func(b *webtest.Browser) {
			b.API("GET", "/me", "", webtest.Bearer(access.TokenPrefix+access.NewSecret()))
		}},
		{access.TraceBadToken, 30, func(b *webtest.Browser) {
			b.API("GET", "/me", "", webtest.Bearer(access.NewDesktopSecret()))
		}},
		{access.TraceBadToken, 30, func(b *webtest.Browser) {
			b.Get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+access.NewSecret().Reveal()) })
		}},
		{access.TraceWrongCode, 6, code},
		{access.TraceDeadLink, 300, func(b *webtest.Browser) { b.Get("/login/" + access.NewSecret().Reveal()) }},
		{access.TraceDeadLink, 20, func(b *webtest.Browser) {
			b.Post(b.Get("/login"), "/login/"+access.NewSecret().Reveal())
		}},
		{access.TraceDeadLink, 5, func(b *webtest.Browser) { b.Get("/login/" + url.PathEscape("<script>alert(1)")) }},
		{access.TraceDeadLink, 5, func(b *webtest.Browser) {
			b.API("POST", "/desktop", `{"code":"`+access.NewSecret().Reveal()+`","code_verifier":"x"}`)
		}},
		{access.TraceForeignHost, 9, func(b *webtest.Browser) {
			b.Get("/", func(r *http.Request) { r.Host = "evil.example" })
		}},
		{access.TraceForeignForm, 9, func(b *webtest.Browser) {
			b.Do("POST", "/login", url.Values{
				"email": {"a@b.example"},
			})
		}},
		{access.TraceBodyRefused, 9, func(b *webtest.Browser) {
			b.API("POST", "/desktop", "x", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
		}},
		{access.TraceSetupWrong, 9, func(b *webtest.Browser) { b.Get("/setup/" + access.NewSecret().Reveal()) }},
	}
	for _, tt := range tests {
		s := webtest.New(t)
		for range tt.times {
			tt.attack(s.Browser())
		}
		lines := traceLines(s)
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines: %q", tt.kind, len(lines), lines)
		}
		if m := traceLine.FindStringSubmatch(lines[0]); m == nil || m[1] != string(tt.kind) || m[2] != "0.0.0.0" ||
			m[3] != "1" {
			t.Errorf("%s: %s", tt.kind, lines[0])
		}
		s.Web.SetTraceClock(func() time.Time { return time.Now().Add(web.LogInterval) })
		if n := kept(s); n[tt.kind] != tt.times || len(n) != 1 {
			t.Errorf("%s: kept %v, want %d of it alone", tt.kind, n, tt.times)
		}
		if lines = traceLines(s); len(lines) != 2 ||
			!strings.HasSuffix(lines[1], fmt.Sprintf(" count=%d", tt.times-1)) {
			t.Errorf("%s: a minute later: %q", tt.kind, lines)
		}
	}
}

// Requests that come too fast leave a trace, and so do those that no parser can
// read: both are refused before any of our handlers runs.
func TestWhatIsRefusedEarlyLeavesTraces(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Requests = web.Rate{Burst: 5, Every: time.Hour}
	})
	for range 9 {
		s.Browser().Get("/robots.txt")
	}
	slow := kept(s)[access.TraceTooMany]
	at := s.Serve()
	webtest.SendRaw(t, at, "HELO door\r\n\r\n")
	webtest.SendRaw(
		t,
		at,
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\nX: "+strings.Repeat("x", 17<<10)+"\r\n\r\n",
	)
	if n := kept(s); slow != 4 || n[access.TraceFramingRefused] != 2 {
		t.Errorf("%d too many, kept %v", slow, n)
	}
}

// Ordinary use leaves no trace: people who open pages, sign in, sign out, press
// back, use an old link again, and whose sessions have ended.
func TestUsualThingsLeaveNoTrace(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	b.Get("/login")
	b.Get("/")
	b.RedeemLink(link)
	b.Get(link)
	b.Get("/pending")
	s.Browser().Get(link)
	s.Browser().Get("/nothing/here")
	old := b.Session()
	b.Post(b.Get("/pending"), "/logout")
	for range 3 {
		s.Browser().Get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+old.Reveal()) })
	}
	fleet, _ := s.SignedIn("fleet@example.com", access.Fleet)
	fleet.Get("/")
	s.Advance(access.MemberIdleTTL)
	fleet.Get("/").Want(t, http.StatusSeeOther)
	token := s.Token(access.Operator, access.Fleet)
	s.Browser().API("GET", "/me", "", webtest.Bearer(token))
	if lines := traceLines(s); len(lines) != 0 {
		t.Errorf("traces of nothing: %q", lines)
	}
	if n := kept(s); len(n) != 0 {
		t.Errorf("kept %v", n)
	}
}

// A stranger puts secrets, codes and names into requests: a log line has the kind
// and the network, and nothing that was sent.
func TestNothingThatWasSentIsLogged(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}
	})
	secret, code := access.NewSecret().Reveal(), "31415926"
	hostile := "x\nlevel=WARN msg=\"unusual event\" kind=wrong_code network=192.0.2.66 count=1"
	sent := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("User-Agent", "agent-of-evil")
		r.Header.Set("Cookie", "__Host-dw="+secret)
	}
	s.Browser().Get("/login/"+secret, sent)
	s.Browser().Get("/", sent)
	s.Browser().Get("/"+url.PathEscape(hostile), sent, func(r *http.Request) { r.Host = "evil.example" })
	s.Browser().API("GET", "/me", "", webtest.Bearer(access.Secret(access.TokenPrefix+secret)), sent)
	b := s.Browser()
	page := b.Post(b.Get("/login"), "/login", "email", "victim@example.com")
	b.Post(page, "/login/code", "code", code, "email", hostile)
	lines := strings.Join(traceLines(s), "\n")
	for _, not := range []string{secret, secret[:8], code, "evil", "victim", "192.0.2.66", "login/", "\\n"} {
		if strings.Contains(lines, not) {
			t.Errorf("the log holds %q:\n%s", not, lines)
		}
	}
	for line := range strings.Lines(lines) {
		if !traceLine.MatchString(strings.TrimSpace(line)) {
			t.Errorf("not the form that is promised: %s", line)
		}
	}
	if !strings.Contains(lines, "kind=dead_link network=203.0.113.9 ") {
		t.Errorf("the address behind the proxy is not named:\n%s", lines)
	}
}

// Callers who may read the audit log see what was noticed; everybody who sees the
// counts sees the number. Nobody else learns of it.
func TestUnusualOverTheAPI(t *testing.T) {
	c := webtest.NewCallers(t)
	calm := c.As("admin", "GET", "/overview/unusual", "").Object(t)
	if calm["total"] != 0.0 || calm["high"] != false || len(calm["items"].([]any)) != 0 {
		t.Errorf("where nothing happened: %v", calm)
	}
	for range 101 {
		c.Web.Note(access.TraceDeadLink, netip.MustParseAddr("203.0.113.9"))
	}
	c.Web.Note(access.TraceForeignHost, netip.MustParseAddr("2001:db8::1"))
	c.Web.KeepTraces(bg)
	a := c.As("admin", "GET", "/overview", "").Object(t)
	if a["unusual"] != 102.0 || a["unusual_high"] != true {
		t.Errorf("the overview: %v, %v", a["unusual"], a["unusual_high"])
	}
	u := c.As("admin", "GET", "/overview/unusual", "").Object(t)
	first := u["items"].([]any)[0].(map[string]any)
	if u["total"] != 102.0 || u["usual"] != 100.0 || first["kind"] != "dead_link" || first["count"] != 101.0 ||
		first["networks"] != 1.0 ||
		first["most_from"] != "203.0.113.9" || first["means"] != access.TraceDeadLink.Means() ||
		first["to_do"] != access.TraceDeadLink.ToDo() {
		t.Errorf("%v", u)
	}
	for who, want := range map[string]int{
		"fleet":       403,
		"pending":     403,
		"suspended":   401,
		"stranger":    401,
		"weak token":  403,
		"admin token": 200,
	} {
		if got := c.As(who, "GET", "/overview/unusual", ""); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", who, got.StatusCode, want)
		}
	}
}

// Strangers must not control how often the store is written or streams are
// notified: what they do is stored at intervals, whatever the number.
func TestStrangersCauseNoFloodOfEvents(t *testing.T) {
	s := webtest.New(t)
	ctx, stop := context.WithCancel(bg)
	defer stop()
	changes, err := s.Service.Watch(ctx)
	s.Must(err)
	for i := range 20_000 {
		s.Web.Note(access.TraceWrongCode, netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}))
	}
	s.Web.KeepTraces(bg)
	s.Invite("ada@example.com", access.Fleet) // changes the overview once, and ada last
	overviews := 0
	for c := range changes {
		if c.Topic == store.OverviewChanged {
			overviews++
		}
		if c.Topic == store.MemberChanged {
			break
		}
	}
	if overviews == 0 || overviews > 2 {
		t.Errorf("20,000 events told of the overview %d times", overviews)
	}
}

// An attacker fills the disk to hide an attack: what cannot be stored, because
// the disk is full or the store busy, stays counted and is stored later.
func TestWhatCannotBeKeptIsKeptLater(t *testing.T) {
	s := webtest.New(t)
	gone, stop := context.WithCancel(bg)
	stop()
	for n := range 3 {
		s.Web.Note(access.TraceBadToken, netip.MustParseAddr("203.0.113.9"))
		s.Web.Note(access.TraceBadToken, netip.MustParseAddr("203.0.113.10"))
		s.Web.KeepTraces(gone)
		if all := s.Web.TakeTraces(); len(all) != 1 || all[0].Count != 2*(n+1) || len(all[0].From) != 2 {
			t.Fatalf("round %d: %+v", n, all)
		} else {
			s.Web.PutBackTraces(all)
		}
	}
	if n := kept(s); n[access.TraceBadToken] != 6 {
		t.Errorf("kept %v", n)
	}
}
