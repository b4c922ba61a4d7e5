package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// Somebody sends more than any form or call needs: each route has its size, to
// the byte, and it is refused by the header alone where that says so. Only who
// may invite many may send many at once.
func TestEachRouteHasItsSize(t *testing.T) {
	c := newCast(t)
	at := c.serve()
	admin, weak := "Authorization: Bearer "+c.tokens["admin"].Reveal(), "Authorization: Bearer "+c.tokens["weak"].Reveal()
	session := func(g *guest) string { return "Cookie: " + c.web.Cookies.names.session + "=" + g.session().Reveal() }
	const batch = "POST /api/v1/invitations/batch"
	tests := []struct {
		name, route, header string
		most                int
	}{
		{"a form", "POST /login", "X: a", formLimit},
		{"another address", "POST /nothing", "X: a", formLimit},
		{"a call", "POST /api/v1/invitations", admin, maxBody},
		{"a page", "GET /login", "X: a", 0},
		{"a list", "GET /api/v1/members", admin, 0},
		{"a batch by a stranger", batch, "X: a", maxBody},
		{"a batch with a token that is none", batch, "Authorization: Bearer dw_x", maxBody},
		{"a batch with a token that may not", batch, weak, maxBody},
		{"a batch by one who waits", batch, session(c.pending), maxBody},
		{"a batch by one who may not", batch, session(c.fleet), maxBody},
		{"a batch by one who is suspended", batch, session(c.suspended), maxBody},
		{"a batch by a token", batch, admin, maxBatchBody},
		{"a batch by an Admin", batch + "?x", session(c.admin), maxBatchBody},
		{"what only looks like a batch", batch + "/x", admin, maxBody},
	}
	for _, tt := range tests {
		for n := max(tt.most-1, 0); n <= tt.most+1; n++ {
			for _, chunked := range []bool{false, true} {
				status, head, body := say(t, at, sized(tt.route, tt.header, n, chunked))
				if refused := status == http.StatusRequestEntityTooLarge; refused != (n > tt.most) {
					t.Errorf("%s of %d bytes (chunks: %v) = %d: %.200s", tt.name, n, chunked, status, body)
				}
				if api := strings.Contains(tt.route, "/api/"); n > tt.most &&
					api != strings.HasPrefix(head.Get("Content-Type"), "application/problem+json") {
					t.Errorf("%s is refused as %s", tt.name, head.Get("Content-Type"))
				}
			}
		}
		only := sized(tt.route, tt.header, tt.most+1, false)
		only = only[:strings.Index(only, "\r\n\r\n")+4] // nothing is waited for that is refused anyway
		if status, _, _ := say(t, at, only); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s, announced = %d", tt.name, status)
		}
	}
}

func sized(route, header string, n int, chunked bool) string {
	head := route + " HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: application/json\r\n" +
		"Sec-Fetch-Site: same-origin\r\n" + header + "\r\n"
	body := strings.Repeat(" ", n)
	if !chunked {
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", n, body)
	}
	if n > 0 {
		body = fmt.Sprintf("%x\r\n%s\r\n", n, body)
	}
	return head + "Transfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n"
}

// As many large bodies are on their way as there may be: one more is asked to
// come back, small ones are answered, and when one has gone there is room again.
func TestLargeBodiesAreFew(t *testing.T) {
	c := newCast(t)
	at := c.serve()
	admin := "Authorization: Bearer " + c.tokens["admin"].Reveal()
	large := sized("POST /api/v1/invitations/batch", admin, maxBatchBody, false)
	var under []net.Conn
	for range cap(c.web.large) {
		conn, err := net.Dial("tcp", at)
		c.must(err)
		defer conn.Close()
		fmt.Fprint(conn, large[:2000])
		under = append(under, conn)
	}
	c.eventually("all places are taken", func() bool { return len(c.web.large) == cap(c.web.large) })
	if status, head, _ := say(t, at, large); status != http.StatusServiceUnavailable || head.Get("Retry-After") == "" {
		t.Errorf("one more = %d", status)
	}
	if status, _, _ := say(t, at, sized("POST /api/v1/invitations", admin, 100, false)); status >= 500 {
		t.Errorf("a small one = %d", status)
	}
	under[0].Close()
	c.eventually("a place is free", func() bool { return len(c.web.large) < cap(c.web.large) })
	if status, _, body := say(t, at, large); status >= 500 || status == 413 {
		t.Errorf("once there is room = %d: %.200s", status, body)
	}
}

func (h *house) eventually(what string, is func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatal("in vain: " + what)
		}
	}
}

// As many requests are being answered as may be: one more is asked to come back,
// in words, on a page and for programs, and the next after one is done is taken.
func TestBusy(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) { o.Limits = DefaultLimits; o.Limits.InFlight = 3 })
	for under, want := range []int{200, 200, 200, 503, 503} {
		h.web.inFlight.Store(int64(under))
		a := h.guest().get("/login")
		a.want(t, want)
		if busy := a.Header.Get("Retry-After") != ""; busy != (want == 503) {
			t.Errorf("%d under way: Retry-After %q", under, a.Header.Get("Retry-After"))
		}
		if want == 503 {
			h.guest().get("/api/v1/me").want(t, want, `"busy"`)
		}
	}
	h.web.inFlight.Store(0)
}

// A token that opens nothing counts as a try also where it only asks for a large
// body: refused by its size, a guess would otherwise cost nothing.
func TestGuessesInHeadsCount(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) { o.Limits = DefaultLimits; o.Limits.Attempts = Rate{Burst: 3, Every: time.Hour} })
	at := h.serve()
	for range 3 {
		say(
			t,
			at,
			sized("POST /api/v1/invitations/batch", "Authorization: Bearer "+access.NewSecret().Reveal(), maxBody+1, false),
		)
	}
	if status, _, _ := say(
		t,
		at,
		"GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\nAuthorization: Bearer dw_x\r\n\r\n",
	); status != http.StatusTooManyRequests {
		t.Errorf("a fourth guess = %d", status)
	}
}

// What is refused for its framing is answered in words, with all headers, and
// the connection ends: what follows on it is nobody's request. That is so for the
// first request of a connection and for a later one.
func TestRefusedFramingEndsTheConnection(t *testing.T) {
	h := newHouse(t)
	at := h.serve()
	const host = "Host: door.example.com\r\n"
	next := "GET /healthz HTTP/1.1\r\n" + host + "\r\n"
	for name, text := range map[string]string{
		"both lengths": "POST /login HTTP/1.1\r\n" + host +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two encodings": "POST /login HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"a space":       "POST /login HTTP/1.1\r\n" + host + "Content-Length : 5\r\n\r\nabcde",
		"old chunks":    "POST /login HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a bare LF":     "GET /login HTTP/1.1\n" + host + "\r\n",
		"two words":     "GET /login HTTP/1.1\r\n" + host + "X Y: a\r\n\r\n",
		"HTTP/9.9":      "GET /login HTTP/9.9\r\n" + host + "\r\n",
	} {
		for _, before := range []string{"", next} {
			got := everything(t, at, before+text+next)
			answers := strings.Count(got, "HTTP/1.1 200 ") + strings.Count(got, "HTTP/1.1 400 ")
			if answers != 1+len(before)/len(next) || !strings.Contains(got, "HTTP/1.1 400 ") ||
				!strings.Contains(got, "Content-Security-Policy") {
				t.Errorf("%s (after %q): %d answers: %.300s", name, before, answers, got)
			}
		}
	}
}

// everything is all that is answered until the other end closes.
func everything(t *testing.T, at, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, text)
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Errorf("%.40q: the connection stays open", text)
			}
			return b.String()
		}
	}
}

// The server is asked to stop while a stranger's half request is open: it stops
// at once, and that is no failure.
func TestHalfRequestsDoNotHoldTheStop(t *testing.T) {
	h := newHouse(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	done := make(chan error, 1)
	go func() { done <- h.web.Serve(l, false) }()
	var halves []net.Conn
	for _, text := range []string{
		"", "GET /login HT", "POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\n\r\na",
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		h.must(err)
		defer conn.Close()
		fmt.Fprint(conn, text)
		halves = append(halves, conn)
	}
	say(t, l.Addr().String(), "GET /healthz HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
	h.must(h.web.Close())
	h.must(<-done)
	for i, conn := range halves {
		conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("half request %d was answered", i)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("half request %d is still open", i)
		}
	}
}

// Somebody sends a megabyte where a few kilobytes are taken, with a client that
// writes all of it before it reads. The connection is not closed over what is
// still on its way: they read the sentence, and not that the line broke.
func TestWhoSendsTooMuchReadsWhy(t *testing.T) {
	h := newHouse(t)
	at := h.serve()
	request := sized("POST /login", "X: a", maxBatchBody, false)
	for range 3 {
		conn, err := net.Dial("tcp", at)
		h.must(err)
		h.must(conn.(*net.TCPConn).SetWriteBuffer(4 << 10)) // so that writing has to wait for the server
		h.must(conn.SetDeadline(time.Now().Add(patience)))
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatalf("the connection was closed over the request: %v", err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		h.must(err)
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("the answer is %d", resp.StatusCode)
		}
		conn.Close()
	}
}
