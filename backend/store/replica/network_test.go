package replica

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
)

// A network is loopback, with names for addresses, and connections that a test can cut.
type network struct {
	mu    sync.Mutex
	at    map[string]string // the real address of each name
	cut   map[string]bool
	conns map[*cable]bool

	hole    string        // connections to this machine neither come about nor are refused
	filled  chan struct{} // closed: now they are refused
	waiting int           // how many
	most    int
}

// A cable is one connection, held by the side that dialled.
type cable struct {
	net.Conn
	from, to string
	of       *network
}

func (c *cable) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

func newNetwork() *network {
	return &network{at: map[string]string{}, cut: map[string]bool{}, conns: map[*cable]bool{},
		filled: make(chan struct{})}
}

func (n *network) listen(t testing.TB, name string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.at[name] = l.Addr().String()
	return l
}

func (n *network) dialer(from string) Dialer {
	return func(ctx context.Context, to string) (net.Conn, error) {
		n.mu.Lock()
		at, cut, hole := n.at[to], n.cut[from] || n.cut[to], n.hole == to
		n.mu.Unlock()
		if hole {
			return nil, n.wait(ctx)
		}
		if cut {
			return nil, errors.New("the network is cut")
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
		if err != nil {
			return nil, err
		}
		c := &cable{conn, from, to, n}
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.cut[from] || n.cut[to] {
			conn.Close()
			return nil, errors.New("the network is cut")
		}
		n.conns[c] = true
		return c, nil
	}
}

// wait is a connection to the hole.
func (n *network) wait(ctx context.Context) error {
	count := func(more int) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.waiting += more
		n.most = max(n.most, n.waiting)
	}
	count(1)
	defer count(-1)
	select {
	case <-ctx.Done():
	case <-n.filled:
	}
	return errors.New("nobody answers")
}

// isolate cuts one machine off, or joins it again.
func (n *network) isolate(name string, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[name] = cut
	for c := range n.conns {
		if cut && (c.from == name || c.to == name) {
			c.Conn.Close()
			delete(n.conns, c)
		}
	}
}
