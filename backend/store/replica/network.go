package replica

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// A Dialer connects to another machine.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// A layer is raft's network: the listener and the dialer of the Options.
type layer struct {
	net.Listener
	address   address
	dial      Dialer
	receiving *atomic.Bool  // a copy is being received
	copyIdle  time.Duration // how long its sender may pause
}

func newLayer(o Options, receiving *atomic.Bool) *layer {
	dial := o.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	return &layer{o.Listener, address(o.Self.Address), dial, receiving, cmp.Or(o.copyIdle, defaultCopyIdle)}
}

// Accept implements net.Listener.
func (l *layer) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &inbound{Conn: conn, of: l}, nil
}

// An inbound connection ends if a copy is being received and nothing comes. Raft does nothing else
// while it reads a copy, and waits for it without a limit: a machine that is paused while it sends
// one would stop this one, too.
type inbound struct {
	net.Conn
	of      *layer
	limited bool
	ended   error
}

// Read implements io.Reader.
func (c *inbound) Read(p []byte) (int, error) {
	if c.ended != nil {
		return 0, c.ended // raft reads on, to the end of the copy
	}
	if receives := c.of.receiving.Load(); receives || c.limited {
		var until time.Time
		if receives {
			until = time.Now().Add(c.of.copyIdle)
		}
		if err := c.SetReadDeadline(until); err != nil {
			return 0, err
		}
		c.limited = receives
	}
	n, err := c.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.ended = err
	}
	return n, err
}

// Dial implements raft.StreamLayer.
func (l *layer) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return l.dial(ctx, string(to))
}

// Addr implements net.Listener: the address by which the others know this machine.
func (l *layer) Addr() net.Addr { return l.address }

type address string

// Network implements net.Addr.
func (a address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }
