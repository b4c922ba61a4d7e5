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

// traceLines are the lines of the log that tell of unusual events.
func traceLines(h *webtest.House) (all []string) {
	for line := range strings.Lines(h.Log.String()) {
		if strings.Contains(line, web.UnusualSentence) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

var traceLine = regexp.MustCompile(`^time=\S+ level=WARN msg="unusual event" kind=([a-z_]+) network=(\S+) count=(\d+)$`)

// kept is how many of each kind are kept, after a beat.
func kept(h *webtest.House) map[access.Trace]int {
	h.T.Helper()
	h.Web.BeatTraces()
	h.Web.KeepTraces(bg)
	u, err := h.Service.Dashboard.Unusual(bg, h.Admin)
	h.Must(err)
	all := map[access.Trace]int{}
	for _, d := range u.Days {
		all[d.Trace] = d.Count
	}
	return all
}

// An attack that leaves no trace is found by nobody: 70 tokens and cookies that
// were made up, 6 wrong codes, 300 links, other hosts' names, foreign forms, bodies
// that are refused and setup links that are wrong left not one line. Each kind now
// leaves one at once, and is counted in full.
func TestAttacksLeaveTraces(t *testing.T) {
	code := func(g *webtest.Guest) {
		page := g.Post(g.Get("/login"), "/login", "email", "grace@example.org")
		g.Post(page, "/login/code", "code", "0000-0000", "email", "grace@example.org")
	}
	tests := []struct {
		kind   access.Trace
		times  int
		attack func(g *webtest.Guest)
	}{
		{access.TraceBadToken, 30, func(g *webtest.Guest) {
			g.API("GET", "/me", "", webtest.Bearer(access.TokenPrefix+access.NewSecret()))
		}},
		{access.TraceBadToken, 30, func(g *webtest.Guest) {
			g.API("GET", "/me", "", webtest.Bearer(access.NewDesktopSecret()))
		}},
		{access.TraceBadToken, 30, func(g *webtest.Guest) {
			g.Get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+access.NewSecret().Reveal()) })
		}},
		{access.TraceWrongCode, 6, code},
		{access.TraceDeadLink, 300, func(g *webtest.Guest) { g.Get("/login/" + access.NewSecret().Reveal()) }},
		{access.TraceDeadLink, 20, func(g *webtest.Guest) {
			g.Post(g.Get("/login"), "/login/"+access.NewSecret().Reveal())
		}},
		{access.TraceDeadLink, 5, func(g *webtest.Guest) { g.Get("/login/" + url.PathEscape("<script>alert(1)")) }},
		{access.TraceDeadLink, 5, func(g *webtest.Guest) {
			g.API("POST", "/desktop", `{"code":"`+access.NewSecret().Reveal()+`","code_verifier":"x"}`)
		}},
		{access.TraceForeignHost, 9, func(g *webtest.Guest) {
			g.Get("/", func(r *http.Request) { r.Host = "evil.example" })
		}},
		{access.TraceForeignForm, 9, func(g *webtest.Guest) {
			g.Do("POST", "/login", url.Values{
				"email": {"a@b.example"},
			})
		}},
		{access.TraceBodyRefused, 9, func(g *webtest.Guest) {
			g.API("POST", "/desktop", "x", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
		}},
		{access.TraceSetupWrong, 9, func(g *webtest.Guest) { g.Get("/setup/" + access.NewSecret().Reveal()) }},
	}
	for _, tt := range tests {
		h := webtest.New(t)
		for range tt.times {
			tt.attack(h.Guest())
		}
		lines := traceLines(h)
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines: %q", tt.kind, len(lines), lines)
		}
		if m := traceLine.FindStringSubmatch(lines[0]); m == nil || m[1] != string(tt.kind) || m[2] != "0.0.0.0" ||
			m[3] != "1" {
			t.Errorf("%s: %s", tt.kind, lines[0])
		}
		h.Web.SetTraceClock(func() time.Time { return time.Now().Add(web.LogInterval) })
		if n := kept(h); n[tt.kind] != tt.times || len(n) != 1 {
			t.Errorf("%s: kept %v, want %d of it alone", tt.kind, n, tt.times)
		}
		if lines = traceLines(h); len(lines) != 2 ||
			!strings.HasSuffix(lines[1], fmt.Sprintf(" count=%d", tt.times-1)) {
			t.Errorf("%s: a minute later: %q", tt.kind, lines)
		}
	}
}

// Requests that go too fast leave a trace, and so do the ones that no parser can
// read: both are refused before any handler of ours runs.
func TestWhatIsRefusedEarlyLeavesTraces(t *testing.T) {
	h := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Requests = web.Rate{Burst: 5, Every: time.Hour}
	})
	for range 9 {
		h.Guest().Get("/robots.txt")
	}
	slow := kept(h)[access.TraceTooMany]
	at := h.Serve()
	webtest.Say(t, at, "HELO door\r\n\r\n")
	webtest.Say(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\nX: "+strings.Repeat("x", 17<<10)+"\r\n\r\n")
	if n := kept(h); slow != 4 || n[access.TraceFramingRefused] != 2 {
		t.Errorf("%d too many, kept %v", slow, n)
	}
}

// What is usual leaves no trace: people who open pages, sign in, sign out, press
// back, use an old link again, and whose sessions have ended.
func TestUsualThingsLeaveNoTrace(t *testing.T) {
	h := webtest.New(t)
	_, link := h.Invite("ada@example.com", access.Fleet)
	g := h.Guest()
	g.Get("/login")
	g.Get("/")
	g.Enter(link)
	g.Get(link)
	g.Get("/pending")
	h.Guest().Get(link)
	h.Guest().Get("/nothing/here")
	old := g.Session()
	g.Post(g.Get("/pending"), "/logout")
	for range 3 {
		h.Guest().Get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+old.Reveal()) })
	}
	fleet, _ := h.Arrived("fleet@example.com", access.Fleet)
	fleet.Get("/")
	h.Wait(access.MemberIdleTTL)
	fleet.Get("/").Want(t, http.StatusSeeOther)
	token := h.Token(access.Operator, access.Fleet)
	h.Guest().API("GET", "/me", "", webtest.Bearer(token))
	if lines := traceLines(h); len(lines) != 0 {
		t.Errorf("traces of nothing: %q", lines)
	}
	if n := kept(h); len(n) != 0 {
		t.Errorf("kept %v", n)
	}
}

// A line says what and from where, and nothing that was sent: no secret, code,
// path, or name that a stranger chose, whatever they put into it.
func TestNothingThatWasSentIsLogged(t *testing.T) {
	h := webtest.New(t, func(o *webtest.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}
	})
	secret, code := access.NewSecret().Reveal(), "31415926"
	hostile := "x\nlevel=WARN msg=\"unusual event\" kind=wrong_code network=192.0.2.66 count=1"
	sent := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("User-Agent", "agent-of-evil")
		r.Header.Set("Cookie", "__Host-dw="+secret)
	}
	h.Guest().Get("/login/"+secret, sent)
	h.Guest().Get("/", sent)
	h.Guest().Get("/"+url.PathEscape(hostile), sent, func(r *http.Request) { r.Host = "evil.example" })
	h.Guest().API("GET", "/me", "", webtest.Bearer(access.Secret(access.TokenPrefix+secret)), sent)
	g := h.Guest()
	page := g.Post(g.Get("/login"), "/login", "email", "victim@example.com")
	g.Post(page, "/login/code", "code", code, "email", hostile)
	lines := strings.Join(traceLines(h), "\n")
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

// Who may read the audit log reads what was noticed; the number itself is for
// everybody who sees the counts. Nobody else learns of it.
func TestUnusualOverTheAPI(t *testing.T) {
	c := webtest.NewCast(t)
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

// Strangers do not decide how often the store is written or streams are told: what
// they do is kept on a beat, whatever the number.
func TestStrangersCauseNoFloodOfEvents(t *testing.T) {
	h := webtest.New(t)
	ctx, stop := context.WithCancel(bg)
	defer stop()
	changes, err := h.Service.Watch(ctx)
	h.Must(err)
	for i := range 20_000 {
		h.Web.Note(access.TraceWrongCode, netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}))
	}
	h.Web.KeepTraces(bg)
	h.Invite("ada@example.com", access.Fleet) // tells of the overview once, and of ada last
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

// What cannot be kept, because the disk is full or the store busy, is counted on
// and kept later: an attacker who fills the disk hides nothing.
func TestWhatCannotBeKeptIsKeptLater(t *testing.T) {
	h := webtest.New(t)
	gone, stop := context.WithCancel(bg)
	stop()
	for n := range 3 {
		h.Web.Note(access.TraceBadToken, netip.MustParseAddr("203.0.113.9"))
		h.Web.Note(access.TraceBadToken, netip.MustParseAddr("203.0.113.10"))
		h.Web.KeepTraces(gone)
		if all := h.Web.TakeTraces(); len(all) != 1 || all[0].Count != 2*(n+1) || len(all[0].From) != 2 {
			t.Fatalf("round %d: %+v", n, all)
		} else {
			h.Web.PutBackTraces(all)
		}
	}
	if n := kept(h); n[access.TraceBadToken] != 6 {
		t.Errorf("kept %v", n)
	}
}
