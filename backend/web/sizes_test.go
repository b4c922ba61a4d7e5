package web_test

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
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Somebody sends more than any form or call needs: each route has its limit, to
// the byte, and a body that is announced as too long is refused by the header
// alone. Only callers who may invite can send a batch.
func TestEachRouteHasItsSize(t *testing.T) {
	c := webtest.NewCallers(t)
	at := c.Serve()
	admin, weak := "Authorization: Bearer "+c.Tokens["admin"].Reveal(), "Authorization: Bearer "+
		c.Tokens["weak"].Reveal()
	session := func(b *webtest.Browser) string {
		return "Cookie: " + webtest.SessionCookie + "=" + b.Session().Reveal()
	}
	const batch = "POST /api/v1/invitations/batch"
	tests := []struct {
		name, route, header string
		limit               int
	}{
		{"a form", "POST /login", "X: a", web.FormLimit},
		{"another address", "POST /nothing", "X: a", web.FormLimit},
		{"a call", "POST /api/v1/invitations", admin, web.MaxBody},
		{"a page", "GET /login", "X: a", 0},
		{"a list", "GET /api/v1/members", admin, 0},
		{"a batch by a stranger", batch, "X: a", web.MaxBody},
		{"a batch with a token that is none", batch, "Authorization: Bearer dw_x", web.MaxBody},
		{"a batch with a token that may not", batch, weak, web.MaxBody},
		{"a batch by one who waits", batch, session(c.Pending), web.MaxBody},
		{"a batch by one who may not", batch, session(c.Fleet), web.MaxBody},
		{"a batch by one who is suspended", batch, session(c.Suspended), web.MaxBody},
		{"a batch by a token", batch, admin, web.MaxBatchBody},
		{"a batch by an Admin", batch + "?x", session(c.Admin), web.MaxBatchBody},
		{"what only looks like a batch", batch + "/x", admin, web.MaxBody},
	}
	for _, tt := range tests {
		for n := max(tt.limit-1, 0); n <= tt.limit+1; n++ {
			for _, chunked := range []bool{false, true} {
				status, head, body := webtest.SendRaw(t, at, sized(tt.route, tt.header, n, chunked))
				if refused := status == http.StatusRequestEntityTooLarge; refused != (n > tt.limit) {
					t.Errorf("%s of %d bytes (chunks: %v) = %d: %.200s", tt.name, n, chunked, status, body)
				}
				if api := strings.Contains(tt.route, "/api/"); n > tt.limit &&
					api != strings.HasPrefix(head.Get("Content-Type"), "application/problem+json") {
					t.Errorf("%s is refused as %s", tt.name, head.Get("Content-Type"))
				}
			}
		}
		only := sized(tt.route, tt.header, tt.limit+1, false)
		only = only[:strings.Index(only, "\r\n\r\n")+4] // the refusal does not wait for the body
		if status, _, _ := webtest.SendRaw(t, at, only); status != http.StatusRequestEntityTooLarge {
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

// held is how many large bodies are being read, and largeBodies how many may be.
func held(c *webtest.Callers) int        { n, _ := c.Web.LargeBodies(); return n }
func largeBodies(c *webtest.Callers) int { _, n := c.Web.LargeBodies(); return n }

// The maximum number of large bodies is being read: one more is told to come
// back, small ones are accepted, and when one has finished there is room again.
func TestLargeBodiesAreFew(t *testing.T) {
	c := webtest.NewCallers(t)
	at := c.Serve()
	admin := "Authorization: Bearer " + c.Tokens["admin"].Reveal()
	large := sized("POST /api/v1/invitations/batch", admin, web.MaxBatchBody, false)
	var under []net.Conn
	for range largeBodies(c) {
		conn, err := net.Dial("tcp", at)
		c.Must(err)
		defer conn.Close()
		fmt.Fprint(conn, large[:2000])
		under = append(under, conn)
	}
	c.Eventually("all places are taken", func() bool { return held(c) == largeBodies(c) })
	if status, head, _ := webtest.SendRaw(t, at, large); status != http.StatusServiceUnavailable ||
		head.Get("Retry-After") == "" {
		t.Errorf("one more = %d", status)
	}
	if status, _, _ := webtest.SendRaw(t, at, sized("POST /api/v1/invitations", admin, 100, false)); status >= 500 {
		t.Errorf("a small one = %d", status)
	}
	under[0].Close()
	c.Eventually("a place is free", func() bool { return held(c) < largeBodies(c) })
	if status, _, body := webtest.SendRaw(t, at, large); status >= 500 || status == 413 {
		t.Errorf("once there is room = %d: %.200s", status, body)
	}
}

// The maximum number of requests is running: one more is told to come back, as a
// page and for programs, and after one has finished the next is accepted.
func TestBusy(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) { o.Limits = web.DefaultLimits; o.Limits.InFlight = 3 })
	for under, want := range []int{200, 200, 200, 503, 503} {
		s.Web.SetInFlight(int64(under))
		a := s.Browser().Get("/login")
		a.Want(t, want)
		if busy := a.Header.Get("Retry-After") != ""; busy != (want == 503) {
			t.Errorf("%d under way: Retry-After %q", under, a.Header.Get("Retry-After"))
		}
		if want == 503 {
			s.Browser().Get("/api/v1/me").Want(t, want, `"busy"`)
		}
		if left := s.Web.InFlight(); left != int64(under) {
			t.Errorf("%d were under way, and when one more has ended, %d are", under, left)
		}
	}
	s.Web.SetInFlight(0)
}

// A guessed token comes with a large body, which is refused by its size: the
// guess counts as a try all the same, or it would cost nothing.
func TestGuessesInHeadsCount(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts = web.Rate{Burst: 3, Every: time.Hour}
	})
	at := s.Serve()
	for range 3 {
		webtest.SendRaw(
			t,
			at,
			sized("POST /api/v1/invitations/batch", "Authorization: Bearer "+access.NewSecret().Reveal(), web.MaxBody+1,
				false),
		)
	}
	if status, _, _ := webtest.SendRaw(
		t,
		at,
		"GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\nAuthorization: Bearer dw_x\r\n\r\n",
	); status != http.StatusTooManyRequests {
		t.Errorf("a fourth guess = %d", status)
	}
}

// An attacker sends a request with bad framing, to smuggle another behind it. It
// is refused with a sentence and all headers, and the connection ends: nothing
// that follows is taken for a request. This holds for the first request of a
// connection and for a later one.
func TestRefusedFramingEndsTheConnection(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
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

// everything returns all bytes until the other end closes.
func everything(t *testing.T, at, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(webtest.Patience))
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

// The server is asked to stop while a stranger's incomplete request is open: it
// stops at once, without an error.
func TestHalfRequestsDoNotHoldTheStop(t *testing.T) {
	s := webtest.New(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	done := make(chan error, 1)
	go func() { done <- s.Web.Serve(l, false) }()
	var halves []net.Conn
	for _, text := range []string{
		"", "GET /login HT", "POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\n\r\na",
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		s.Must(err)
		defer conn.Close()
		fmt.Fprint(conn, text)
		halves = append(halves, conn)
	}
	webtest.SendRaw(t, l.Addr().String(), "GET /healthz HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
	s.Must(s.Web.Close())
	s.Must(<-done)
	for i, conn := range halves {
		conn.SetReadDeadline(time.Now().Add(webtest.Patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("half request %d was answered", i)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("half request %d is still open", i)
		}
	}
}

// Somebody sends a megabyte where a few kilobytes are accepted, with a client
// that writes all of it before it reads. The connection stays open while data
// arrives, so they read the sentence, not a connection error.
func TestWhoSendsTooMuchReadsWhy(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
	request := sized("POST /login", "X: a", web.MaxBatchBody, false)
	for range 3 {
		conn, err := net.Dial("tcp", at)
		s.Must(err)
		s.Must(conn.(*net.TCPConn).SetWriteBuffer(4 << 10)) // so that writing has to wait for the server
		s.Must(conn.SetDeadline(time.Now().Add(webtest.Patience)))
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatalf("the connection was closed over the request: %v", err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		s.Must(err)
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("the answer is %d", resp.StatusCode)
		}
		conn.Close()
	}
}
