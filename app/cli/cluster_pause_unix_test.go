//go:build unix

package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"doorward/build/need"
)

// fewPauses is how often the leading machine stops by default; PAUSES=100 asks 1,000 times.
const (
	fewPauses     = 5
	askedAtWaking = 10
)

// The leading machine stops as it stands, as a virtual machine does that is paused. Another one
// is elected, and there a member is suspended, which is answered. Requests with her session wait
// at the machine that stopped; it goes on, remembers her, and does not know yet that it does not
// lead any more. It must serve none of them.
func TestAPausedLeaderServesNobody(t *testing.T) {
	need.Time(t)
	t.Parallel()
	pauses := number("PAUSES", fewPauses)
	all := threeHosts(t)
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	answers := map[int]int{}
	for i := range pauses {
		old := leading(t, all...)
		eve := fmt.Sprintf("eve%d@example.com", i)
		lines := openLines(old, enters(old, eve, "Fleet"), askedAtWaking)
		end := busy(old, token.Token, i)
		old.cmd.Process.Signal(syscall.SIGSTOP)
		now := leading(t, others(all, old)...)
		now.run("suspend", eve)
		for _, l := range lines {
			l.send()
		}
		old.cmd.Process.Signal(syscall.SIGCONT)
		for _, l := range lines {
			answers[l.answer()]++
		}
		end()
	}
	t.Logf("%d pauses; answers by status: %v", pauses, answers)
	refused := answers[http.StatusUnauthorized] + answers[http.StatusServiceUnavailable]
	if asked := pauses * askedAtWaking; refused != asked {
		t.Errorf("of %d requests %d were served with the old rights; answers by status: %v", asked,
			answers[http.StatusOK], answers)
	}
}

// busy has a machine write all the time, and returns once it does, so that it is stopped half-way
// through something: it then takes a moment longer to notice that it was.
func busy(h *host, token string, round int) (end func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	var writers sync.WaitGroup
	begun := make(chan struct{}, writersAtOnce)
	for i := range writersAtOnce {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if status := invites(ctx, h, token, fmt.Sprintf("m%d-%d-%d@example.com", round, i, n)); status == 201 {
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	for range writersAtOnce {
		select {
		case <-begun:
		case <-time.After(patience):
			h.t.Fatalf("%s writes nothing: %s", h.name, h.said)
		}
	}
	return func() { cancel(); writers.Wait() }
}

// writersAtOnce is how many invite at the same time.
const writersAtOnce = 8

// A line is an open connection to a machine, on which somebody asks who they are.
type line struct {
	t       *testing.T
	conn    net.Conn
	reader  *bufio.Reader
	request string
}

// openLines opens connections, each of which the machine has answered once.
func openLines(h *host, v *visitor, n int) (all []*line) {
	h.t.Helper()
	for range n {
		conn, err := net.Dial("tcp", h.web)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { conn.Close() })
		l := &line{h.t, conn, bufio.NewReader(conn), fmt.Sprintf(
			"GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", v.site.Host, v.cookie())}
		l.send()
		if status := l.answer(); status != http.StatusOK {
			h.t.Fatalf("on %s, who leads, she is answered with %d", h.name, status)
		}
		all = append(all, l)
	}
	return all
}

func (l *line) send() {
	l.t.Helper()
	if _, err := l.conn.Write([]byte(l.request)); err != nil {
		l.t.Fatal(err)
	}
}

// answer is the status of the next answer.
func (l *line) answer() int {
	l.t.Helper()
	l.conn.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode
}
