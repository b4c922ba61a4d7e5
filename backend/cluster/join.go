package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"time"

	"doorward/backend/access"
)

// JoinOptions are what a machine joins with.
type JoinOptions struct {
	Dir     string // new or empty, or that of an earlier try with the same cluster
	Token   Token
	Contact string // HOST:PORT of any machine of the cluster

	Name    string // of this machine
	Address string // at which the others will reach it
	Version string
	Schema  int // of the store, the newest that the program knows

	// OldestSchema is the oldest one with which it works in a cluster; zero: it is Schema.
	OldestSchema int
	Setup        []byte // for Joins.Check

	// Keep keeps what the cluster hands over. If it fails, or the process dies before it is
	// done, the machine has no certificate yet, and the same call can be made again until the
	// token expires.
	Keep func(Welcome) error

	Dial func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
	Now  func() time.Time                                            // nil: time.Now
}

// A Welcome is what a machine gets that has become a member.
type Welcome struct {
	Node    NodeID
	Members []Member // itself included
	Bundle  []byte   // of Joins.Bundle
}

// Join asks a machine of the cluster to take this one in, and returns its identity. Before the
// token's secret is sent, the other end has shown a certificate of the authority that the
// token names.
func Join(ctx context.Context, o JoinOptions) (*Identity, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = dialTCP
	}
	d, err := newDraft(o.Dir, o.Token.Cluster, o.Name, o.Address)
	if err != nil {
		return nil, err
	}
	for range maxContacts {
		var m *Identity
		m, err = joinAt(ctx, o, &d)
		leader, there := leaderIn(err)
		if !there {
			return m, err
		}
		o.Contact = leader
	}
	return nil, err
}

// joinAt asks one machine. That another one leads is no reason to give up the draft.
func joinAt(ctx context.Context, o JoinOptions, d *draft) (*Identity, error) {
	conn, ca, err := reach(ctx, o)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.NetConn().Close() })
	defer stop()
	if err := d.save(); err != nil {
		return nil, err
	}
	a, err := ask(conn, o, *d)
	if err != nil {
		if refused(err) {
			err = errors.Join(err, d.discard())
		}
		return nil, err
	}
	return take(a, o, *d, ca)
}

// refused reports whether the cluster has certainly not taken the machine in. One that could
// not answer perhaps has.
func refused(err error) bool {
	var e *access.Error
	return errors.As(err, &e) && e.Kind != access.Unavailable
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func reach(ctx context.Context, o JoinOptions) (*tls.Conn, *x509.Certificate, error) {
	raw, err := o.Dial(ctx, o.Contact)
	if err != nil {
		return nil, nil, unreachable(o.Contact, err)
	}
	var ca *x509.Certificate
	conn := tls.Client(raw, &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{string(join)},
		ServerName: o.Token.Cluster.serverName(),
		// the authority is not known before it has shown a certificate with the token's
		// fingerprint: VerifyConnection checks all that the library would, by that one
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) (err error) {
			ca, err = o.Token.verify(s, o.Now())
			return err
		},
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, nil, notTheCluster(o.Contact, err)
	}
	if Protocol(conn.ConnectionState().NegotiatedProtocol) != join {
		conn.Close()
		return nil, nil, notTheCluster(o.Contact, errProtocol)
	}
	return conn, ca, nil
}

func unreachable(address string, err error) error {
	return access.Errorf(access.Unavailable,
		"The machine at %s cannot be reached: %v. Check the address, and that its port for the cluster is open to "+
			"this machine.", access.Shorten(address, maxAddress), err).WithCode("cluster_unreachable").Because(err)
}

// notTheCluster is why a handshake failed, in a sentence.
func notTheCluster(address string, err error) error {
	var e *access.Error
	if errors.As(err, &e) {
		return e
	}
	return access.Errorf(access.Unavailable,
		"What answers at %s is not a machine of a cluster, or does not let others join. Check the address.",
		access.Shorten(address, maxAddress)).WithCode("cluster_not_there").Because(err)
}

// verify returns the authority's certificate, if the other end has shown the one of the token
// and a certificate by it for a machine of the cluster.
func (t Token) verify(s tls.ConnectionState, now time.Time) (*x509.Certificate, error) {
	for _, ca := range s.PeerCertificates[min(1, len(s.PeerCertificates)):] {
		if FingerprintOf(ca) != t.Authority {
			continue
		}
		if id, err := clusterOf(ca); err != nil || id != t.Cluster {
			break
		}
		roots := x509.NewCertPool()
		roots.AddCert(ca)
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now,
			DNSName: t.Cluster.serverName(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		return ca, explain(err, now)
	}
	return nil, access.Errorf(access.Forbidden,
		"The machine that answers does not belong to the cluster that the token is for. Nothing was sent to it. "+
			"Check the address. If it is right, somebody may be intercepting the connection.").
		WithCode("join_other_cluster")
}

func ask(conn *tls.Conn, o JoinOptions, d draft) (answer, error) {
	csr, err := d.request()
	if err != nil {
		return answer{}, err
	}
	err = writeMessage(conn, JoinRequest{Secret: o.Token.Secret, CSR: csr, Name: o.Name, Address: o.Address,
		Version: o.Version, Schema: o.Schema, OldestSchema: o.OldestSchema, Clock: o.Now(), Setup: o.Setup})
	text, readErr := readMessage(conn, maxAnswer) // a refusal may have come before all was sent
	if readErr != nil {
		return answer{}, noAnswer(errors.Join(err, readErr))
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil { // a newer version may tell more
		return answer{}, noAnswer(err)
	}
	if a.Refusal != nil {
		return answer{}, a.Refusal.err()
	}
	return a, nil
}

func noAnswer(err error) error {
	return access.Errorf(access.Unavailable,
		"The cluster's answer did not arrive. Run the same command again: it goes on where this one stopped.").
		WithCode("join_no_answer").Because(err)
}

// take checks the answer, lets the caller keep its part, and makes the machine a member.
func take(a answer, o JoinOptions, d draft, ca *x509.Certificate) (*Identity, error) {
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil, noAnswer(err)
	}
	if a.Node != d.node.Node || len(a.Bundle) > MaxBundle || len(a.Members) > MaxMembers {
		return nil, noAnswer(errors.New("the answer is for another machine, or too long"))
	}
	m, err := d.identity(ca, cert)
	if err != nil {
		return nil, noAnswer(err)
	}
	if err := m.Check(o.Now()); err != nil {
		return nil, err
	}
	if o.Keep != nil {
		if err := o.Keep(Welcome{Node: a.Node, Members: a.Members, Bundle: a.Bundle}); err != nil {
			return nil, err
		}
	}
	return m, m.save()
}
