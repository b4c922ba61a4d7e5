package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
	"doorward/backend/web/wire"
)

func newPair(t *testing.T, change ...func(*webtest.Options)) *webtest.Pair {
	t.Helper()
	return webtest.NewPair(t, enginetest.Open, change...)
}

// Whatever the machine that leads answers, a visitor of another machine gets: status, headers
// and body, for pages, files, the API, refusals, and what does not exist.
func TestAForwardedAnswerIsTheSame(t *testing.T) {
	p := newPair(t)
	tests := []struct {
		who, method, path string
		status            int
	}{
		{"admin", "GET", "/", 200},
		{"admin", "HEAD", "/", 200},
		{"admin", "GET", "/admin", 200},
		{"admin", "GET", "/admin/members?state=pending&q=a%2Fb", 200},
		{"admin", "GET", "/api/v1/me", 200},
		{"admin", "GET", "/api/v1/members?limit=2", 200},
		{"admin", "GET", "/api/v1/members?limit=2&limit=3", 422},
		{"admin", "GET", "/api/v1/nothing", 404},
		{"admin", "OPTIONS", "/api/v1/me", 404},
		{"fleet", "GET", "/api/v1/members", 403},
		{"fleet", "GET", "/fleet/flows", 200},
		{"pending", "GET", "/pending", 200},
		{"pending", "GET", "/", 303},
		{"suspended", "GET", "/", 403},
		{"stranger", "GET", "/", 303},
		{"stranger", "GET", "/login", 200},
		{"stranger", "HEAD", "/login", 200},
		{"stranger", "GET", "/nothing", 404},
		{"stranger", "GET", "//nothing", 404},
		{"stranger", "GET", "//login", 404},
		{"stranger", "GET", "//evil.example/login", 404},
		{"admin", "GET", "/api/forwarded/body/api/v1/settings/logo", 404},
		{"admin", "GET", "//api/forwarded/body/api/v1/settings/logo", 404},
		{"stranger", "GET", "/login/x%2Fy%3F", 410},
		{"stranger", "GET", "/local/v1/doctor", 404},
		{"stranger", "GET", "/api/forwarded/body/api/v1/settings/logo", 404},
		{"stranger", "GET", "/admin/assets/index-BxY1.js", 200},
		{"stranger", "GET", "/robots.txt", 200},
	}
	for _, tt := range tests {
		b := map[string]*webtest.Browser{"admin": p.Admin, "fleet": p.Fleet, "pending": p.Pending,
			"suspended": p.Suspended, "stranger": p.Stranger}[tt.who]
		direct, away := b.Do(tt.method, tt.path, nil), p.Via(b).Do(tt.method, tt.path, nil)
		if away.StatusCode != direct.StatusCode || direct.StatusCode != tt.status {
			t.Errorf("%s %s for %s = %d, forwarded %d, want %d: %s", tt.method, tt.path, tt.who, direct.StatusCode,
				away.StatusCode, tt.status, away.Main())
		}
		if got, want := varying(away.Text), varying(direct.Text); got != want {
			t.Errorf("%s %s for %s: forwarded, it is another answer:\n%s\nwant\n%s", tt.method, tt.path, tt.who,
				got, want)
		}
		for _, header := range []http.Header{away.Header, direct.Header} {
			header.Del("Date")
			header.Del("Set-Cookie")
			header.Del("Connection")
		}
		if got, want := varying(away.HeaderText()), varying(direct.HeaderText()); got != want {
			t.Errorf("%s %s for %s: forwarded, it has\n%s\nwant\n%s", tt.method, tt.path, tt.who, got, want)
		}
	}
	if _, dialled := p.There.Asked(); dialled == 0 {
		t.Error("nothing was forwarded")
	}
}

// varying is a text without what differs each time.
func varying(s string) string {
	return webtest.CSRFField.ReplaceAllString(s, `name="csrf" value=""`)
}

// A person does all that they can through a machine that does not lead: ask for an email, type
// the code, sign in, work, change something, sign out.
func TestAForwardedVisitSignsIn(t *testing.T) {
	p := newPair(t)
	id, link := p.Invite("ada@example.com", access.Fleet)
	b := p.Via(p.Browser())
	b.RedeemLink(link).Want(t, 303, "/pending")
	b.Get("/pending").Want(t, 200)
	p.Via(p.Admin).API("POST", "/members/"+string(id)+"/approve", `{}`).Want(t, 200, `"state":"active"`)
	b.Get("/").Want(t, 200)
	page := b.Get("/")
	b.Post(page, "/logout").Want(t, 200)
	b.Get("/").Want(t, 303, "/login")
	b.Post(b.Get("/login"), "/login", "email", "ada@example.com").Want(t, 200)
	_, err := p.Service.SignIn.AnswerRequests(bg)
	p.Must(err)
	_, code := p.SignInEmail()
	b.Post(b.Get("/login"), "/login/code", "code", code).Want(t, 303)
	b.Get("/").Want(t, 200)
	if got := p.Other.Records(); strings.Contains(got, "ada") {
		t.Error("the other machine has written something of its own")
	}
}

// A visitor says that they come from elsewhere, that they are the operator, that a proxy or a
// machine of the cluster has sent them. What arrives is what the machine has seen itself.
func TestAForwardedVisitorCannotLie(t *testing.T) {
	type seen struct {
		From, Host, Source string
		Headers            map[string][]string
	}
	var p *webtest.Pair
	p = newPair(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			f.Add(http.MethodGet, "/seen", web.Public(), func(c *fiber.Ctx) error {
				return c.JSON(seen{p.Web.Cookies.Browser(c).From, string(c.Context().Host()),
					string(p.Web.Guard.Actor(c).Source), c.GetReqHeaders()})
			})
		}
	})
	at := p.Other.Serve()
	lies := "Doorward-Visitor: 198.51.100.1\r\ndoorward-visitor: 198.51.100.2\r\nDoorward-Operator: 1\r\n" +
		"X-Forwarded-For: 198.51.100.3\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\n" +
		"Forwarded: for=198.51.100.4\r\nX-Real-IP: 198.51.100.5\r\nX-Doorward-Via: desktop\r\n" +
		"X-Doorward-As: " + string(p.IDs["admin"]) + "\r\nConnection: X-Kept, close\r\nTE: trailers\r\n" +
		"Idempotency-Key: 1\r\nProxy-Authorization: Basic eDp5\r\n"
	kept := "X-Doorward-Background: 1\r\nAccept-Language: ar\r\nX-Kept: a, b\r\nX-Kept: \xe9\r\nCookie: a=1; b=2\r\n"
	status, _, body := webtest.SendRaw(t, at, "GET /seen HTTP/1.1\r\nHost: door.example.com\r\n"+lies+kept+"\r\n")
	var got seen
	p.Must(json.Unmarshal([]byte(body), &got))
	if status != 200 || got.From != "127.0.0.1" || got.Host != "door.example.com" ||
		got.Source != string(access.SourcePortal) {
		t.Errorf("it is seen as %+v", got)
	}
	for name := range got.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "X-Doorward-Background", "Accept-Language", "X-Kept", "Cookie":
		default:
			t.Errorf("%s: %q went further", name, got.Headers[name])
		}
	}
	if len(got.Headers["X-Kept"]) != 2 || got.Headers["Cookie"][0] != "a=1; b=2" ||
		len(got.Headers["X-Doorward-Background"]) != 1 || len(got.Headers["Accept-Language"]) != 1 {
		t.Errorf("it lacks headers: %v", got.Headers)
	}
	status, _, body = webtest.SendRaw(t, at, "GET /local/v1/verify HTTP/1.1\r\nHost: door.example.com\r\n"+lies+"\r\n")
	if status != http.StatusNotFound {
		t.Errorf("a visitor who says that they are the operator gets %d %s", status, body)
	}
	for _, target := range []string{"http://evil.example/seen", "http://door.example.com@evil.example/seen"} {
		status, _, _ := webtest.SendRaw(t, at, "GET "+target+" HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
		if status != http.StatusMisdirectedRequest {
			t.Errorf("for %s a visitor gets %d", target, status)
		}
	}
	status, _, _ = webtest.SendRaw(t, at, "GET /seen HTTP/1.1\r\nHost: evil.example\r\n\r\n")
	if status != http.StatusMisdirectedRequest {
		t.Errorf("for another host a visitor gets %d", status)
	}
}

// Where connections are short, strangers make room for members. A machine that forwards a
// request learns whose connection it came on from the one that has admitted the caller, and
// the visitor does not.
func TestAMachineLearnsWhoIsAMember(t *testing.T) {
	p := newPair(t)
	at := p.Other.Serve()
	for header, member := range map[string]bool{
		"Authorization: Bearer " + p.Tokens["weak"].Reveal():                          true,
		"Authorization: Bearer " + (access.TokenPrefix + access.NewSecret().Reveal()): false,
		"Cookie: " + webtest.SessionCookie + "=" + p.Fleet.Session().Reveal():         true,
		"Cookie: " + webtest.SessionCookie + "=" + access.NewSecret().Reveal():        false,
	} {
		get := "GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\n" + header + "\r\n"
		status, head, body := webtest.SendRaw(t, p.Forwarded, get+"Doorward-Visitor: 192.0.2.1\r\n\r\n")
		if told := head.Get(web.MemberHeader) != ""; told != member {
			t.Errorf("%.20s: the other machine is told that it is a member: %v (%d %s)", header, told, status, body)
		}
		if _, head, _ := webtest.SendRaw(t, at, get+"\r\n"); head.Get(web.MemberHeader) != "" {
			t.Errorf("%.20s: the visitor is told so, too", header)
		}
	}
}

// A machine that does not lead has as many connections as it may have: a member's, and one of a
// stranger who says nothing. Another visitor gets the place of the stranger.
func TestStrangersMakeRoomForForwardedMembers(t *testing.T) {
	p := newPair(t, func(o *webtest.Options) {
		o.Bounds = wire.BoundsFor(384<<20, 0)
		o.Bounds.Total = 2
	})
	at := p.Other.Serve()
	open := func(header string) (ask func() error) {
		conn, err := net.Dial("tcp", at)
		p.Must(err)
		t.Cleanup(func() { conn.Close() })
		p.Must(conn.SetDeadline(time.Now().Add(webtest.Patience)))
		answers := bufio.NewReader(conn)
		return func() error {
			_, err := io.WriteString(conn, "GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\n"+header+"\r\n")
			if err != nil {
				return err
			}
			answer, err := http.ReadResponse(answers, nil)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
			}
			return err
		}
	}
	member := open("Authorization: Bearer " + p.Tokens["weak"].Reveal() + "\r\n")
	p.Must(member())
	p.Must(member()) // so that the connection waits since its first answer, and then the stranger's
	stranger := open("")
	p.Must(open("")())
	if err := member(); err != nil {
		t.Errorf("the member's connection was closed: %v", err)
	}
	if stranger() == nil {
		t.Error("the stranger's connection was not")
	}
}

// A proxy sends whole addresses. Whoever has to sign in first comes back to the page, on
// whichever machine, and to no other host.
func TestAWholeAddressIsReadAsItsPath(t *testing.T) {
	p := newPair(t)
	for _, at := range []string{p.Serve(), p.Other.Serve()} {
		status, head, _ := webtest.SendRaw(t, at,
			"GET http://door.example.com/a/../pending?x=1 HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
		if to := head.Get("Location"); status != http.StatusSeeOther && status != http.StatusNotFound ||
			strings.Contains(to, "door.example.com") {
			t.Errorf("%d, %q", status, to)
		}
		status, head, _ = webtest.SendRaw(t, at,
			"GET http://door.example.com/fleet/flows HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
		if to := head.Get("Location"); status != http.StatusSeeOther || to != "/login?next=%2Ffleet%2Fflows" {
			t.Errorf("%d, %q", status, to)
		}
	}
}

// Another machine does not say for whom it asks, or what it says is no address: nobody is
// guessed.
func TestForwardedForNobodyIsRefused(t *testing.T) {
	p := newPair(t)
	for _, told := range []string{"", "Doorward-Visitor: \r\n", "Doorward-Visitor: somebody\r\n",
		"Doorward-Visitor: 192.0.2.1, 192.0.2.2\r\n"} {
		status, _, _ := webtest.SendRaw(t, p.Forwarded,
			"GET /login HTTP/1.1\r\nHost: door.example.com\r\n"+told+"\r\n")
		if status != http.StatusBadRequest {
			t.Errorf("%q = %d", told, status)
		}
	}
}

// A stranger guesses secrets through a machine that does not lead, from networks of their own
// and under the addresses of others. Each network has its limit, once, on whichever machine.
func TestLimitsCountForwardedVisitorsOnce(t *testing.T) {
	p := newPair(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts = web.Rate{Burst: 3, Every: time.Hour}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	machines := []string{p.Other.Serve(), p.Serve()}
	for i := range 6 {
		want := http.StatusUnauthorized
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		status, _, body := webtest.SendRaw(t, machines[i%2], fmt.Sprintf("GET /api/v1/me HTTP/1.1\r\n"+
			"Host: door.example.com\r\nAuthorization: Bearer dw_x\r\nDoorward-Visitor: 198.51.100.%d\r\n"+
			"X-Forwarded-For: 198.51.100.%d, 192.0.2.7\r\n\r\n", i, i))
		if status != want {
			t.Errorf("try %d = %d, want %d: %s", i, status, want, body)
		}
	}
	status, _, _ := webtest.SendRaw(t, machines[0], "GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\n"+
		"Authorization: Bearer dw_x\r\nX-Forwarded-For: 192.0.2.8\r\n\r\n")
	if status != http.StatusUnauthorized {
		t.Errorf("another network = %d", status)
	}
}

// A body is bounded where it arrives: one that is too large, or that only some may send, is not
// carried to another machine first.
func TestBodiesAreBoundedWhereTheyArrive(t *testing.T) {
	p := newPair(t)
	at := p.Other.Serve()
	admin := "Authorization: Bearer " + p.Tokens["admin"].Reveal()
	weak := "Authorization: Bearer " + p.Tokens["weak"].Reveal()
	const batch = "POST /api/v1/invitations/batch"
	tests := []struct {
		name, route, header string
		limit               int
		asks                bool // whether it asks the machine that leads
	}{
		{"a form", "POST /login", "X: a", web.FormLimit, false},
		{"a call", "POST /api/v1/invitations", admin, web.MaxBody, false},
		{"a page", "GET /login", "X: a", 0, false},
		{"a batch by a stranger", batch, "X: a", web.MaxBody, true},
		{"a batch by a token that may not", batch, weak, web.MaxBody, true},
		{"a batch by a token", batch, admin, web.MaxBatchBody, true},
	}
	for _, tt := range tests {
		_, before := p.There.Asked()
		status, _, body := webtest.SendRaw(t, at, sized(tt.route, tt.header, tt.limit+1, false))
		if status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s of one byte too many = %d: %.200s", tt.name, status, body)
		}
		if _, dialled := p.There.Asked(); dialled > before && !tt.asks {
			t.Errorf("%s of one byte too many was forwarded", tt.name)
		}
		if status, _, body := webtest.SendRaw(t, at, sized(tt.route, tt.header, tt.limit, false)); tt.limit > 0 &&
			status == http.StatusRequestEntityTooLarge {
			t.Errorf("%s at its limit = %d: %.200s", tt.name, status, body)
		}
	}
	p.Eventually("no large body is held", func() bool {
		held, _ := p.Other.Web.LargeBodies()
		return held == 0
	})
}

// A long list is sent while nobody leads, or the store of the machine that leads is not to be had:
// nobody is told that the list is too long.
func TestALongListWhileNobodyLeads(t *testing.T) {
	p := newPair(t)
	p.Other.Web.ForwardWithin(0)
	admin := "Authorization: Bearer " + p.Tokens["admin"].Reveal()
	at := p.Other.Serve()
	for name, change := range map[string]func(){
		"nobody leads":       func() { p.There.Lead("", false) },
		"it is out of reach": func() { p.There.Lead("second", false) },
		"it is not sure":     func() { p.There.Lead(webtest.First, false); p.Here.CutOff() },
	} {
		change()
		status, _, body := webtest.SendRaw(t, at, sized("POST /api/v1/invitations/batch", admin, web.MaxBody+1, false))
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"no_leader"`) {
			t.Errorf("%s: %d %.200s", name, status, body)
		}
	}
}
