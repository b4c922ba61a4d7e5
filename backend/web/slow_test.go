package web_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Somebody opens many connections, begins a request on each and never completes
// it, to leave no room for others. Each is closed, and others are answered
// meanwhile.
func TestSlowClientsAreCutOff(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Reading = 200 * time.Millisecond
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	go s.Web.Serve(l, false)
	begun := []string{
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\nX-Slow: ",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 40\r\nContent-Type: " +
			"application/x-www-form-urlencoded\r\n\r\nemail=",
	}
	var slow []net.Conn
	for i := range 200 {
		c, err := net.Dial("tcp", l.Addr().String())
		s.Must(err)
		defer c.Close()
		fmt.Fprint(c, begun[i%2])
		slow = append(slow, c)
	}
	req, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+"/login", nil)
	s.Must(err)
	req.Host = "door.example.com"
	answer, err := http.DefaultClient.Do(req)
	s.Must(err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("somebody else was answered %s", answer.Status)
	}
	for _, c := range slow {
		s.Must(c.SetReadDeadline(time.Now().Add(webtest.Patience)))
		if said, err := io.ReadAll(c); err != nil || strings.Contains(string(said), " 200 ") {
			t.Fatalf("a request that never ended was answered %q, %v", said, err)
		}
	}
}

func TestAddressesHaveABound(t *testing.T) {
	s := webtest.New(t)
	s.Browser().Get("/login?next="+strings.Repeat("a", web.AddressLimit-len("/login?next="))).Want(t, http.StatusOK)
	s.Browser().Get("/login?next="+strings.Repeat("a", web.AddressLimit)).
		Want(t, http.StatusRequestURITooLong, "at most 8 KiB")
	s.Browser().Get("/api/v1/me?x="+strings.Repeat("a", web.AddressLimit)).
		Want(t, http.StatusRequestURITooLong, `"url_too_long"`)
}
