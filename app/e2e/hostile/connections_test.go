package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

var _ = item("27", "the limiter itself is flooded: 20,000 networks with one request each", limiterHolds)

// An attacker from many networks fills the memory of a limiter that remembers them
// all. This one forgets old networks, keeps limiting, and says how long to wait.
func limiterHolds(t *testing.T) {
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	w := h.dial()
	go func() {
		out := bufio.NewWriter(w)
		for i := range 20_000 {
			fmt.Fprintf(out, "GET /healthz HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n",
				h.Listen, i>>14&63, i>>7&127, i&127)
			fmt.Fprintf(
				out,
				"GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: "+
					"10.%d.%d.%d\r\n\r\n",
				h.Listen,
				i>>14&63,
				i>>7&127,
				i&127,
			)
		}
		out.Flush()
	}()
	for i := range 40_000 {
		a, ok := w.answer()
		if !ok && i%2 == 0 || ok && a.code >= 500 {
			w = h.dialAgain(w, i)
			break
		}
	}
	refused := false
	b := h.browser(forwarded("203.0.113.77"))
	for range 90 {
		if a := b.api("GET", "/me", nil, bearer("dw_x")).want(401, 429); a.code == 429 {
			refused = true
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		}
	}
	if !refused {
		t.Error("after a flood of networks nobody is limited any more")
	}
	h.alive()
}

// dialAgain replaces a connection that the server closed. It may do so after a number
// of requests, but must accept the next connection.
func (h *target) dialAgain(old *wire, after int) *wire {
	h.t.Helper()
	old.Close()
	w := h.dial()
	fmt.Fprintf(w, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", h.Listen)
	if a, ok := w.answer(); !ok || a.code != 200 {
		h.t.Fatalf("after %d requests on one connection the server answers no more", after)
	}
	return w
}

var _ = item(
	"54",
	"connections that send a byte now and then, announce what never comes, or say nothing",
	slowConnections,
)

// Hundreds of connections send the beginning of a request and no end, announce a
// body that never comes, or stay silent. Everybody else is answered meanwhile, and the
// server closes them by itself. (How much memory they cost
// is measured by go run ./app/bench -only hostile.)
func slowConnections(t *testing.T) {
	h := openWithAdmin(t)
	ada, _ := h.member("ada@example.com")
	var conns []net.Conn
	for i := range 240 {
		c, err := net.Dial("tcp", h.Listen)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
		switch i % 4 {
		case 0:
			io.WriteString(c, "GET /login HTTP/1.1\r\nHost: "+h.Listen+"\r\nX-Slow: ")
		case 1:
			io.WriteString(c, "POST /login HTTP/1.1\r\nHost: "+h.Listen+"\r\nContent-Length: 1048576\r\n\r\nx")
		case 2:
			io.WriteString(
				c,
				"POST /api/v1/invitations/batch HTTP/1.1\r\nHost: "+h.Listen+
					"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n{",
			)
		}
		if i%60 == 0 {
			ada.get("/fleet").want(200)
		}
	}
	ada.get("/fleet").want(200)
	h.alive()
	for i := 1; i < 12; i++ { // the server closes those with an unfinished request
		if i%4 == 3 {
			continue
		}
		w := &wire{conns[i], t, nil}
		if err := w.ends(); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	h.alive()
}

var _ = item("56", "64 clients at once, so that a buffer of one ends up in the record of another", borrowedBuffers)

// The framework's strings are valid for one request only. Kept longer they change to
// parts of the next request on that connection: one person's name in another's
// record. Every record has to contain what was sent for it.
func borrowedBuffers(t *testing.T) {
	h := openWithAdmin(t)
	token := h.token("Admin")
	const clients, each = 64, 8
	at(clients, func(i int) {
		b := h.browser(bearer(token))
		for j := range each {
			tag := fmt.Sprintf("%c%c%d", 'a'+i%26, 'a'+i/26, j)
			a := b.api("POST", "/invitations", map[string]any{
				"email": strings.Repeat(tag, 5) + "@" + tag + ".example",
				"roles": []string{"Fleet"},
				"name":  "N " + strings.Repeat(tag, 9),
				"note":  strings.Repeat(tag, 20),
			})
			if a.code != 201 {
				t.Errorf("%s = %d", tag, a.code)
			}
		}
	})
	found := 0
	for next := ""; ; {
		a := h.admin.api("GET", "/members?state=pending&limit=200&cursor="+next, nil)
		for _, m := range a.items() {
			found++
			email := str(m["email"])
			tag := strings.TrimSuffix(email[strings.IndexByte(email, '@')+1:], ".example")
			if email != strings.Repeat(tag, 5)+"@"+tag+".example" || m["name"] != "N "+strings.Repeat(tag, 9) ||
				m["invitation_note"] != strings.Repeat(tag, 20) {
				t.Errorf("mixed up: %v", m)
			}
		}
		if next = str(a.object()["next"]); next == "" {
			break
		}
	}
	if found != clients*each {
		t.Errorf("%d of %d records are there", found, clients*each)
	}
}

var _ = item("63", "a demoted member keeps using a connection that stays open", demotedMidway)

// A member whose rights were taken away keeps using an open connection. The rights are
// those of each request, not of the connection: the next request is refused.
func demotedMidway(t *testing.T) {
	h := openWithAdmin(t)
	bob, id := h.member("bob@example.com", "Admin")
	for range 20 {
		bob.api("GET", "/members", nil).want(200)
		h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet"}}).want(200)
		bob.api("GET", "/members", nil).want(403)
		h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Admin"}}).want(200)
		bob.get("/").want(200) // the session gets a new secret with the new rights
	}
	h.role("Reader", "read members")
	carl, _ := h.member("carl@example.com", "Reader")
	carl.api("GET", "/members", nil).want(200)
	h.role("Reader", "read audit")
	carl.api("GET", "/members", nil).want(403)
}

var _ = item("89", "a suspended member keeps an event stream that was open", openStreams)

// An event stream is open when its member is suspended or its token revoked. The
// stream ends, too, and sends nothing more.
func openStreams(t *testing.T) {
	h := openWithAdmin(t)
	bob, id := h.member("bob@example.com", "Admin")
	stream := func(b *browser) (*wire, *bufio.Reader) {
		w := h.dial()
		fmt.Fprintf(w,
			"GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nSec-Fetch-Site: same-origin\r\n\r\n",
			h.Listen, h.cookieName("dw"), b.cookie("dw"))
		resp, err := http.ReadResponse(w.in, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("the stream did not open: %v", err)
		}
		return w, bufio.NewReader(resp.Body)
	}
	w, in := stream(bob)
	h.invite("before@example.com")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatalf("the open stream tells nothing: %v", err)
	}
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(in)
	if nerr, slow := err.(net.Error); slow && nerr.Timeout() {
		t.Error("the stream of a suspended member stays open")
	}
	newID, _ := h.invite("after@example.com")
	if strings.Contains(string(rest), newID) {
		t.Error("it tells what came later")
	}
	fmt.Fprintf(h.dial(), "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", h.Listen,
		h.cookieName("dw"), bob.cookie("dw"))
	bob.api("GET", "/me", nil).want(401, 403)
}
