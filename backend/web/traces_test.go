package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// traceLines are the lines of the log that tell of unusual events.
func (h *house) traceLines() (all []string) {
	for line := range strings.Lines(h.log.String()) {
		if strings.Contains(line, unusualSentence) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

var traceLine = regexp.MustCompile(`^time=\S+ level=WARN msg="unusual event" kind=([a-z_]+) network=(\S+) count=(\d+)$`)

// kept is how many of each kind are kept, after a beat.
func (h *house) kept() map[access.Trace]int {
	h.t.Helper()
	h.web.traces.beat(h.web.traces.now())
	h.web.keepTraces(bg)
	u, err := h.service.Dashboard.Unusual(bg, h.admin)
	h.must(err)
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
	code := func(g *guest) {
		page := g.post(g.get("/login"), "/login", "email", "grace@example.org")
		g.post(page, "/login/code", "code", "0000-0000", "email", "grace@example.org")
	}
	tests := []struct {
		kind   access.Trace
		times  int
		attack func(g *guest)
	}{
		{access.TraceBadToken, 30, func(g *guest) { g.api("GET", "/me", "", bearer(access.TokenPrefix+access.NewSecret())) }},
		{access.TraceBadToken, 30, func(g *guest) { g.api("GET", "/me", "", bearer(access.NewDesktopSecret())) }},
		{access.TraceBadToken, 30, func(g *guest) {
			g.get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+access.NewSecret().Reveal()) })
		}},
		{access.TraceWrongCode, 6, code},
		{access.TraceDeadLink, 300, func(g *guest) { g.get("/login/" + access.NewSecret().Reveal()) }},
		{access.TraceDeadLink, 20, func(g *guest) { g.post(g.get("/login"), "/login/"+access.NewSecret().Reveal()) }},
		{access.TraceDeadLink, 5, func(g *guest) { g.get("/login/" + url.PathEscape("<script>alert(1)")) }},
		{access.TraceDeadLink, 5, func(g *guest) {
			g.api("POST", "/desktop", `{"code":"`+access.NewSecret().Reveal()+`","code_verifier":"x"}`)
		}},
		{access.TraceForeignHost, 9, func(g *guest) { g.get("/", func(r *http.Request) { r.Host = "evil.example" }) }},
		{access.TraceForeignForm, 9, func(g *guest) { g.do("POST", "/login", url.Values{"email": {"a@b.example"}}) }},
		{access.TraceBodyRefused, 9, func(g *guest) {
			g.api("POST", "/desktop", "x", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
		}},
		{access.TraceSetupWrong, 9, func(g *guest) { g.get("/setup/" + access.NewSecret().Reveal()) }},
	}
	for _, tt := range tests {
		h := newHouse(t)
		for range tt.times {
			tt.attack(h.guest())
		}
		lines := h.traceLines()
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines: %q", tt.kind, len(lines), lines)
		}
		if m := traceLine.FindStringSubmatch(lines[0]); m == nil || m[1] != string(tt.kind) || m[2] != "0.0.0.0" ||
			m[3] != "1" {
			t.Errorf("%s: %s", tt.kind, lines[0])
		}
		h.web.traces.now = func() time.Time { return time.Now().Add(logInterval) }
		if n := h.kept(); n[tt.kind] != tt.times || len(n) != 1 {
			t.Errorf("%s: kept %v, want %d of it alone", tt.kind, n, tt.times)
		}
		if lines = h.traceLines(); len(lines) != 2 || !strings.HasSuffix(lines[1], fmt.Sprintf(" count=%d", tt.times-1)) {
			t.Errorf("%s: a minute later: %q", tt.kind, lines)
		}
	}
}

// Requests that go too fast leave a trace, and so do the ones that no parser can
// read: both are refused before any handler of ours runs.
func TestWhatIsRefusedEarlyLeavesTraces(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) {
		o.Limits = DefaultLimits
		o.Limits.Requests = Rate{Burst: 5, Every: time.Hour}
	})
	for range 9 {
		h.guest().get("/robots.txt")
	}
	slow := h.kept()[access.TraceTooMany]
	at := h.serve()
	say(t, at, "HELO door\r\n\r\n")
	say(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\nX: "+strings.Repeat("x", 17<<10)+"\r\n\r\n")
	if n := h.kept(); slow != 4 || n[access.TraceFramingRefused] != 2 {
		t.Errorf("%d too many, kept %v", slow, n)
	}
}

// What is usual leaves no trace: people who open pages, sign in, sign out, press
// back, use an old link again, and whose sessions have ended.
func TestUsualThingsLeaveNoTrace(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	g.get("/login")
	g.get("/")
	g.enter(link)
	g.get(link)
	g.get("/pending")
	h.guest().get(link)
	h.guest().get("/nothing/here")
	old := g.session()
	g.post(g.get("/pending"), "/logout")
	for range 3 {
		h.guest().get("/", func(r *http.Request) { r.Header.Set("Cookie", "__Host-dw="+old.Reveal()) })
	}
	fleet, _ := h.arrived("fleet@example.com", access.Fleet)
	fleet.get("/")
	h.wait(access.MemberIdleTTL)
	fleet.get("/").want(t, http.StatusSeeOther)
	token := h.token(access.Operator, access.Fleet)
	h.guest().api("GET", "/me", "", bearer(token))
	if lines := h.traceLines(); len(lines) != 0 {
		t.Errorf("traces of nothing: %q", lines)
	}
	if n := h.kept(); len(n) != 0 {
		t.Errorf("kept %v", n)
	}
}

// A line says what and from where, and nothing that was sent: no secret, code,
// path, or name that a stranger chose, whatever they put into it.
func TestNothingThatWasSentIsLogged(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")} })
	secret, code := access.NewSecret().Reveal(), "31415926"
	hostile := "x\nlevel=WARN msg=\"unusual event\" kind=wrong_code network=192.0.2.66 count=1"
	sent := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("User-Agent", "agent-of-evil")
		r.Header.Set("Cookie", "__Host-dw="+secret)
	}
	h.guest().get("/login/"+secret, sent)
	h.guest().get("/", sent)
	h.guest().get("/"+url.PathEscape(hostile), sent, func(r *http.Request) { r.Host = "evil.example" })
	h.guest().api("GET", "/me", "", bearer(access.Secret(access.TokenPrefix+secret)), sent)
	g := h.guest()
	page := g.post(g.get("/login"), "/login", "email", "victim@example.com")
	g.post(page, "/login/code", "code", code, "email", hostile)
	lines := strings.Join(h.traceLines(), "\n")
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

// One line at once, then at most one a minute for a kind and network, with all
// that there were since.
func TestOneLineAMinute(t *testing.T) {
	log := &syncBuffer{}
	tr := newTraces(slog.New(slog.NewTextHandler(log, nil)))
	start := time.Now()
	at := time.Duration(0)
	tr.now = func() time.Time { return start.Add(at) }
	steps := []struct {
		name   string
		at     time.Duration
		events int
		beats  bool
		lines  int
		last   string // of the last line
	}{
		{"the first", 0, 1, false, 1, "count=1"},
		{"at once after it", 0, 5, true, 1, "count=1"},
		{"before the minute is over", logInterval - 1, 1, true, 1, "count=1"},
		{"as it is over, by the beat alone", logInterval, 0, true, 2, "count=6"},
		{"nothing more", 2 * logInterval, 0, true, 2, "count=6"},
		{"after it was forgotten", 2 * logInterval, 1, false, 3, "count=1"},
		{"a minute on, without a beat", 3 * logInterval, 1, false, 4, "count=1"},
	}
	for _, s := range steps {
		at = s.at
		for range s.events {
			tr.note(access.TraceWrongCode, addr("203.0.113.9"))
		}
		if s.beats {
			tr.beat(tr.now())
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != s.lines || !strings.HasSuffix(lines[len(lines)-1], s.last) {
			t.Errorf("%s: %d lines, the last %q; want %d, %q", s.name, len(lines), lines[len(lines)-1], s.lines, s.last)
		}
	}
}

func TestNetworksAreToldApart(t *testing.T) {
	tests := []struct{ from, want string }{
		{"203.0.113.9", "203.0.113.9"},
		{"::ffff:203.0.113.9", "203.0.113.9"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::1", "::/64"},
	}
	for _, tt := range tests {
		if got := networkWords(network(addr(tt.from))); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.from, got, tt.want)
		}
	}
	if got := networkWords(network(netip.Addr{})); got != unknownNetwork {
		t.Errorf("no address is %s", got)
	}
}

// Somebody with a whole /44 of IPv6 comes from 200,000 networks. Neither the log
// nor the memory may grow with that; what happened is counted all the same.
func TestManyNetworksAreBounded(t *testing.T) {
	log := &syncBuffer{}
	tr := newTraces(slog.New(slog.NewTextHandler(log, nil)))
	at := time.Now()
	tr.now = func() time.Time { return at }
	flood := func(n int) {
		var b [16]byte
		b[0], b[1] = 0x20, 0x01
		for i := range n {
			b[5], b[6], b[7] = byte(i>>16), byte(i>>8), byte(i)
			tr.note(access.TraceDeadLink, netip.AddrFrom16(b))
		}
	}
	before := heap()
	flood(200_000)
	lines := strings.Count(log.String(), "\n")
	if lines != maxLinesPerMinute+1 {
		t.Errorf("%d lines in a minute, want %d and one for all others", lines, maxLinesPerMinute)
	}
	if !strings.Contains(log.String(), "kind=dead_link network=many count=1\n") {
		t.Error("that there are many is not said")
	}
	for range 20 { // minutes: the shards fill
		at = at.Add(logInterval)
		tr.beat(at)
		flood(20_000)
	}
	held := 0
	for i := range tr.shards {
		held += len(tr.shards[i].m)
		if len(tr.shards[i].m) > maxTracesPerShard {
			t.Errorf("a shard holds %d", len(tr.shards[i].m))
		}
	}
	if grown := heap() - before - int64(len(log.String())); grown > 8<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
	all := tr.take()
	if len(all) != 1 || all[0].Count != 200_000+20*20_000 || len(all[0].From) != access.MaxNetworks || !all[0].More {
		t.Errorf("%d kinds, %+v", len(all), all[0].Count)
	}
	if perMinute := strings.Count(log.String(), "\n") / 21; perMinute > maxLinesPerMinute+1 {
		t.Errorf("%d lines a minute", perMinute)
	}
	t.Logf("%d networks held", held)
}

// Who may read the audit log reads what was noticed; the number itself is for
// everybody who sees the counts. Nobody else learns of it.
func TestUnusualOverTheAPI(t *testing.T) {
	c := newCast(t)
	calm := c.as("admin", "GET", "/overview/unusual", "").object(t)
	if calm["total"] != 0.0 || calm["high"] != false || len(calm["items"].([]any)) != 0 {
		t.Errorf("where nothing happened: %v", calm)
	}
	for range 101 {
		c.web.traces.note(access.TraceDeadLink, addr("203.0.113.9"))
	}
	c.web.traces.note(access.TraceForeignHost, addr("2001:db8::1"))
	c.web.keepTraces(bg)
	a := c.as("admin", "GET", "/overview", "").object(t)
	if a["unusual"] != 102.0 || a["unusual_high"] != true {
		t.Errorf("the overview: %v, %v", a["unusual"], a["unusual_high"])
	}
	u := c.as("admin", "GET", "/overview/unusual", "").object(t)
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
		if got := c.as(who, "GET", "/overview/unusual", ""); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", who, got.StatusCode, want)
		}
	}
}

// Strangers do not decide how often the store is written or streams are told: what
// they do is kept on a beat, whatever the number.
func TestStrangersCauseNoFloodOfEvents(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(bg)
	defer stop()
	changes, err := h.service.Watch(ctx)
	h.must(err)
	for i := range 20_000 {
		h.web.traces.note(access.TraceWrongCode, netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}))
	}
	h.web.keepTraces(bg)
	h.invite("ada@example.com", access.Fleet) // tells of the overview once, and of ada last
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
	h := newHouse(t)
	gone, stop := context.WithCancel(bg)
	stop()
	for n := range 3 {
		h.web.traces.note(access.TraceBadToken, addr("203.0.113.9"))
		h.web.traces.note(access.TraceBadToken, addr("203.0.113.10"))
		h.web.keepTraces(gone)
		if all := h.web.traces.take(); len(all) != 1 || all[0].Count != 2*(n+1) || len(all[0].From) != 2 {
			t.Fatalf("round %d: %+v", n, all)
		} else {
			h.web.traces.putBack(all)
		}
	}
	if n := h.kept(); n[access.TraceBadToken] != 6 {
		t.Errorf("kept %v", n)
	}
}
