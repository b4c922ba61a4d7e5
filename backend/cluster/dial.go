package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"

	"doorward/backend/access"
)

// DialRaft connects to the member with that address, for raft. It returns when the other
// machine has taken the connection.
func (p *Port) DialRaft(ctx context.Context, address string) (net.Conn, error) {
	return p.dialWhere(ctx, Raft, func(m Member) bool { return sameAddress(m.Address, address) }, address)
}

// DialForward connects to a member to forward requests to it. It returns when the other
// machine has taken the connection.
func (p *Port) DialForward(ctx context.Context, id NodeID) (net.Conn, error) {
	return p.dialWhere(ctx, Forward, func(m Member) bool { return m.ID == id }, string(id))
}

// DialCommand connects to a member to have it carry out commands about the cluster. It returns
// when the other machine has taken the connection.
func (p *Port) DialCommand(ctx context.Context, id NodeID) (net.Conn, error) {
	return p.dialWhere(ctx, Command, func(m Member) bool { return m.ID == id }, string(id))
}

func (p *Port) dialWhere(ctx context.Context, of Protocol, is func(Member) bool, what string) (net.Conn, error) {
	members := p.o.Members()
	i := slices.IndexFunc(members, is)
	if i < 0 {
		return nil, access.Errorf(access.NotFound, "The cluster has no machine %s.", access.Shorten(what, maxAddress)).
			WithCode("not_a_member")
	}
	c, err := p.dial(ctx, of, members[i])
	if err != nil {
		return nil, err // not a nil *Conn
	}
	return c, nil
}

func (p *Port) dial(ctx context.Context, of Protocol, to Member) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.o.Bounds.Within)
	defer cancel()
	raw, err := dialTCP(ctx, to.Address)
	if err != nil {
		return nil, unreachable(to.Address, err)
	}
	c := &Conn{Conn: tls.Client(raw, p.clientConfig(of, to)), Peer: to, port: p}
	if err := c.shake(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return c, p.opened(c)
}

// shake shakes hands and waits until the other machine has taken the connection.
func (c *Conn) shake(ctx context.Context) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return explain(fmt.Errorf("connect to %s: %w", c.Peer.Address, err), c.port.o.Now())
	}
	raw := c.NetConn()
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	var first [1]byte
	if _, err := io.ReadFull(c.Conn, first[:]); err != nil || first[0] != accepted {
		return access.Errorf(access.Unavailable,
			"The machine at %s does not accept connections from this one: it was removed from the cluster, its "+
				"certificate is not valid there, or the other one is stopping.", c.Peer.Address).
			WithCode("cluster_refused").Because(err)
	}
	if !stop() {
		return ctx.Err()
	}
	return nil
}

// clientConfig is the client's side of a protocol. The machine must be the one that was meant:
// another member at its address is refused.
func (p *Port) clientConfig(of Protocol, to Member) *tls.Config {
	m := p.o.Identity
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{string(of)},
		RootCAs:    m.pool,
		ServerName: to.ID.serverName(m.node.Cluster),
		Time:       p.o.Now,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return m.cert.Load(), nil
		},
		VerifyConnection: func(s tls.ConnectionState) error {
			if Protocol(s.NegotiatedProtocol) != of {
				return errProtocol
			}
			_, err := m.member(s, []Member{to})
			return err
		},
	}
}
