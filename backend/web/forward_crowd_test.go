package web_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Strangers crowd at a machine that does not lead. However many they are, the one that leads gets
// a few of their requests at a time; the others wait for their turn, and for no longer than a
// visitor waits for a machine that leads.
func TestForwardedRequestsHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const extra = 100
		m := &webtest.Machines{}
		m.Lead("first", false)
		var there, refused atomic.Int64
		free := make(chan struct{})
		send := web.ForwardsMany(m, transport(func(string, *http.Request) (int, bool, bool) {
			there.Add(1)
			<-free
			return http.StatusOK, false, true
		}))
		var all sync.WaitGroup
		for range web.MaxForwarded + extra {
			all.Go(func() {
				answer, err := send()
				if err == nil {
					answer.Body.Close()
					return
				}
				if code := access.Explain(err).Code; code != "busy" {
					t.Errorf("one too many is refused with %q: %v", code, err)
				}
				refused.Add(1)
			})
		}
		synctest.Wait()
		if n := there.Load(); n != web.MaxForwarded {
			t.Errorf("%d requests are there at a time, want %d", n, web.MaxForwarded)
		}
		time.Sleep(web.ForwardTries - time.Nanosecond) // of the bubble's clock: it takes no time
		synctest.Wait()
		if n := refused.Load(); n > 0 {
			t.Errorf("%d requests gave up before their time", n)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := refused.Load(); n != extra {
			t.Errorf("%d requests gave up, want %d", n, extra)
		}
		all.Go(func() {
			if answer, err := send(); err != nil {
				t.Errorf("a member's request is refused: %v", err)
			} else {
				answer.Body.Close()
			}
		})
		synctest.Wait()
		close(free)
		all.Wait()
	})
}

// As many connections as may are begun at once. One more begins when one of them has ended.
func TestConnectionsThatBeginHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &webtest.Machines{}
		m.Lead("first", false)
		var begun atomic.Int64
		end := make(chan struct{})
		m.OnDial(func(context.Context, string) (net.Conn, error) {
			begun.Add(1)
			<-end
			return nil, errCutOff
		})
		send := web.ForwardsMany(m, nil)
		var all sync.WaitGroup
		for range web.MaxDials + 1 {
			all.Go(func() {
				if _, err := send(); access.Explain(err).Code != "no_leader" {
					t.Errorf("without a connection it ends with %v", err)
				}
			})
		}
		for _, want := range []int64{web.MaxDials, web.MaxDials + 1} {
			synctest.Wait()
			if n := begun.Load(); n != want {
				t.Errorf("%d connections have begun, want %d", n, want)
			}
			end <- struct{}{}
		}
		close(end)
		all.Wait()
	})
}

// A crowd of strangers makes a machine connect to the one that leads. It does not make so many
// connections at once that its own, which keep the cluster together, have no place at the port.
func TestACrowdLeavesRoomAtThePort(t *testing.T) {
	p := newPair(t, func(o *webtest.Options) { o.Limits = web.DefaultLimits })
	first, second, _ := portsOf(t)
	done := make(chan error, 1)
	go func() { done <- p.Web.ServeForwarded(first.Forward()) }()
	t.Cleanup(func() {
		p.Must(p.Web.Close())
		<-done
	})
	var now, most, failed atomic.Int64
	p.There.OnDial(func(ctx context.Context, _ string) (net.Conn, error) {
		defer now.Add(-1)
		for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		c, err := second.DialForward(ctx, first.id)
		if err != nil && ctx.Err() == nil {
			failed.Add(1)
		}
		return c, err
	})
	at := p.Other.Serve()
	var crowd, own sync.WaitGroup
	for range 400 {
		crowd.Go(func() { webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\n") })
	}
	crowded := make(chan struct{})
	own.Go(func() {
		for over := false; !over; {
			select {
			case <-crowded:
				over = true // once more
			default:
			}
			c, err := second.DialRaft(t.Context(), first.Addr().String())
			if err != nil {
				t.Errorf("the machine's own connection is refused: %v", err)
				return
			}
			c.Close()
			taken, err := first.Raft().Accept()
			if err != nil {
				t.Error(err)
				return
			}
			taken.Close()
		}
	})
	crowd.Wait()
	close(crowded)
	own.Wait()
	if n := most.Load(); n > web.MaxDials {
		t.Errorf("%d connections were begun at once, want %d at most", n, web.MaxDials)
	}
	if n := failed.Load(); n > 0 {
		t.Errorf("%d connections were refused", n)
	}
	p.Via(p.Admin).Get("/api/v1/me").Want(t, http.StatusOK)
}

// Strangers are refused by a machine that does not lead: that is logged there, minute by minute.
// When it leads, days later, what they did then does not seem to be happening.
func TestOldTracesAreNotNews(t *testing.T) {
	p := newPair(t)
	for range 300 {
		p.Other.Web.Note(access.TraceConnectionRefused, netip.MustParseAddr("203.0.113.9"))
	}
	p.Other.Web.KeepTraces(bg)
	p.There.Lead("", true)
	if left := p.Other.Web.TakeTraces(); len(left) > 0 {
		t.Errorf("it still counts %v", left)
	}
	if n := len(traceLines(p.Other)); n != 1 {
		t.Errorf("%d lines are logged, want one", n)
	}
	p.There.Lead("", false)
	p.Other.Web.Note(access.TraceConnectionRefused, netip.MustParseAddr("203.0.113.9"))
	p.Other.Web.KeepTraces(bg)
	if left := p.Other.Web.TakeTraces(); len(left) != 1 {
		t.Errorf("while nobody leads, it forgets: %v", left)
	}
}

// A stranger names a host that cannot be one, which the connection to the machine that leads would
// not survive, so that each such request would begin another. It goes no further.
func TestWhatIsNoHostGoesNoFurther(t *testing.T) {
	p := newPair(t)
	at := p.Other.Serve()
	for _, host := range []string{"a\"b", "a<b", "a%zz", "d\xffoor", "\uff44oor.example.com", "a:b:c", "[::1%25a]"} {
		_, before := p.There.Asked()
		status, _, _ := webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		if _, dialled := p.There.Asked(); dialled > before ||
			status != http.StatusMisdirectedRequest && status != http.StatusBadRequest {
			t.Errorf("Host %q = %d, after %d connections", host, status, dialled-before)
		}
	}
	for _, host := range []string{"door.example.com", "door.example.com:443", "DOOR.example.com"} {
		status, _, _ := webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		if status != http.StatusOK {
			t.Errorf("Host %q = %d", host, status)
		}
	}
	for host, want := range map[string]int{"127.0.0.1": 421, "[::1]:8080": 421, "other.example.com": 421} {
		status, _, _ := webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		if status != want {
			t.Errorf("Host %q = %d, want %d", host, status, want)
		}
	}
}
