package replica

import (
	"context"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// A Dialer connects to another machine.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// A layer is raft's network: the listener and the dialer of the Options.
type layer struct {
	net.Listener
	address address
	dial    Dialer
}

func newLayer(o Options) *layer {
	dial := o.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	return &layer{o.Listener, address(o.Self.Address), dial}
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
