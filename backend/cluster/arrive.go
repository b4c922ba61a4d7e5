package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// An arrival is a connection that is nobody's yet: its handshake is not over, or its request
// to join has not arrived.
type arrival struct {
	raw  net.Conn
	from netip.Prefix
}

// The first and the longest pause after an accept that failed.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
)

// accept takes connections until the port closes. A failure such as a lack of files passes;
// a machine that stops listening does not come back.
func (p *Port) accept() {
	for pause := firstPause; ; {
		raw, err := p.o.Listener.Accept()
		if err == nil {
			pause = firstPause
			p.take(raw)
			continue
		}
		if errors.Is(err, net.ErrClosed) || p.ctx.Err() != nil {
			return
		}
		p.said.say(p.o.Now(), "connections of the cluster cannot be taken", "err", err)
		select {
		case <-time.After(pause):
		case <-p.ctx.Done():
			return
		}
		pause = min(2*pause, maxPause)
	}
}

// take registers a connection, in the place of an older one if necessary, and goes on with it
// beside. Nothing of it was read.
func (p *Port) take(raw net.Conn) {
	a := &arrival{raw, network(raw.RemoteAddr())}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !p.isKnown(a.from) && p.failures.over(a.from) > 0 {
		raw.Close()
		return
	}
	if n := p.of(a.from); n >= p.o.Bounds.PerAddress {
		p.oust(a.from)
	} else if len(p.pending) >= p.o.Bounds.Handshakes {
		p.oust(p.busiest())
	}
	p.pending = append(p.pending, a)
	p.jobs.Go(func() { p.receive(a) })
}

func (p *Port) isKnown(from netip.Prefix) bool {
	for _, known := range p.known {
		if known == from {
			return true
		}
	}
	return false
}

// of counts the arrivals of an address.
func (p *Port) of(from netip.Prefix) (n int) {
	for _, a := range p.pending {
		if a.from == from {
			n++
		}
	}
	return n
}

// busiest returns the address with the most arrivals; of several, that of the oldest.
func (p *Port) busiest() (from netip.Prefix) {
	n, most := map[netip.Prefix]int{}, 0
	for _, a := range p.pending {
		n[a.from]++
	}
	for _, a := range p.pending {
		if n[a.from] > most {
			from, most = a.from, n[a.from]
		}
	}
	return from
}

// oust closes the oldest arrival of an address.
func (p *Port) oust(from netip.Prefix) {
	i := slices.IndexFunc(p.pending, func(a *arrival) bool { return a.from == from })
	p.pending[i].raw.Close()
	p.pending = slices.Delete(p.pending, i, i+1)
}

// settle ends an arrival; false if it was closed to make room.
func (p *Port) settle(a *arrival) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.pending, a)
	if i >= 0 {
		p.pending = slices.Delete(p.pending, i, i+1)
	}
	return i >= 0
}

// receive shakes hands, and hands the connection on.
func (p *Port) receive(a *arrival) {
	defer p.settle(a)
	stop := context.AfterFunc(p.ctx, func() { a.raw.Close() })
	defer stop()
	ctx, cancel := context.WithTimeout(p.ctx, p.o.Bounds.Within)
	defer cancel()
	conn := tls.Server(a.raw, &tls.Config{
		MinVersion:         tls.VersionTLS13,
		GetConfigForClient: p.configFor,
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		if !p.settle(a) {
			return // it has made room
		}
		p.failures.count(a.from)
		p.stranger(err)
		p.said.say(p.o.Now(), "a connection to the cluster's port was refused", "from", a.raw.RemoteAddr(),
			"err", explain(err, p.o.Now()))
		a.raw.Close()
		return
	}
	protocol := Protocol(conn.ConnectionState().NegotiatedProtocol)
	if protocol == join {
		p.receiveJoin(a, conn)
		return
	}
	if err := p.hand(a, conn, protocol); err != nil {
		p.said.say(p.o.Now(), "a machine's connection was closed", "from", a.raw.RemoteAddr(), "err", err)
		a.raw.Close()
	}
}

// accepted is the first byte to a machine whose connection was taken: until then it does not
// know whether its certificate was.
const accepted = 1

func (p *Port) hand(a *arrival, conn *tls.Conn, protocol Protocol) error {
	peer, err := p.o.Identity.member(conn.ConnectionState(), p.o.Members())
	if err != nil {
		return err
	}
	c := &Conn{Conn: conn, Peer: peer, port: p, obeys: protocol == Forward || protocol == Command}
	if protocol == news {
		if err := p.admit(c, a.from); err != nil {
			return err
		}
		return p.tell(c)
	}
	full := fmt.Errorf("%s takes no connection now", protocol)
	q := p.queues[protocol]
	if !q.reserve() {
		return full
	}
	err = p.admit(c, a.from)
	if err == nil && !p.settle(a) {
		err = full
	}
	if err != nil {
		q.release()
		c.Close()
		return err
	}
	if !q.put(c) {
		c.Close()
		return full
	}
	return nil
}

// admit tells a member that its connection is taken.
func (p *Port) admit(c *Conn, from netip.Prefix) error {
	if err := p.opened(c); err != nil {
		return err
	}
	if err := p.welcome(c); err != nil {
		c.Close()
		return err
	}
	if !p.remember(c, from) {
		return net.ErrClosed
	}
	return nil
}

// remember notes from where a member has connected, if Prune has not closed the connection
// meanwhile.
func (p *Port) remember(c *Conn, from netip.Prefix) (open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, open = p.open[c]; open {
		p.known[c.Peer.ID] = from
	}
	return open
}

func (p *Port) welcome(c *Conn) error {
	if err := c.SetDeadline(time.Now().Add(p.o.Bounds.Within)); err != nil {
		return err
	}
	if _, err := c.Write([]byte{accepted}); err != nil {
		return err
	}
	return c.SetDeadline(time.Time{})
}

var errProtocol = errors.New("the other end speaks none of the protocols of this port")

// configFor chooses how to shake hands, by the one protocol that the other end offers.
func (p *Port) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if len(hello.SupportedProtos) == 1 {
		if c := p.servers[Protocol(hello.SupportedProtos[0])]; c != nil {
			return c, nil
		}
	}
	return nil, errProtocol
}

// configs are the server's sides of the protocols. No session is resumed: each handshake asks
// whether the machine is a member.
func (p *Port) configs() map[Protocol]*tls.Config {
	base := func(of Protocol) *tls.Config {
		return &tls.Config{
			MinVersion:             tls.VersionTLS13,
			NextProtos:             []string{string(of)},
			SessionTicketsDisabled: true,
			Time:                   p.o.Now,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return p.o.Identity.cert.Load(), nil
			},
		}
	}
	all := map[Protocol]*tls.Config{}
	for _, of := range []Protocol{Raft, Forward, Command, news} {
		c := base(of)
		c.ClientAuth = tls.RequireAndVerifyClientCert
		c.ClientCAs = p.o.Identity.pool
		c.VerifyConnection = func(s tls.ConnectionState) error {
			_, err := p.o.Identity.member(s, p.o.Members())
			return err
		}
		all[of] = c
	}
	if p.o.Joins != nil {
		all[join] = base(join)
	}
	return all
}
