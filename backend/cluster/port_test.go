package cluster

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
)

// An attacker who reaches the port wants to be taken for a machine of the cluster: whoever is
// can read and change everything. Nothing of what follows is a connection of raft or with
// requests, and none of it is told why.
func TestStrangersAreNoMachines(t *testing.T) {
	w := newWorld(t)
	a, b := w.machine("a"), w.machine("b")
	other := the(NewAuthority(noon))(t)
	key, stranger := newKey(t), NodeID(access.NewID())
	mine := b.identity.cert.Load()
	by := func(au *Authority, id NodeID, change func(*x509.Certificate)) *tls.Certificate {
		return pair(au.cert, certify(t, au, key, id, change), key)
	}
	own := func(change func(*x509.Certificate)) *tls.Certificate {
		key := b.identity.key
		return pair(w.authority.cert, certify(t, w.authority, key, b.identity.Node(), change), key)
	}
	impostor := the(newAuthority(w.authority.cluster, noon))(t)
	self := &Authority{cluster: w.authority.cluster, cert: certify(t, w.authority, key, stranger, nil), key: key}
	thief := *mine
	thief.PrivateKey = key
	raft := []string{string(Raft)}
	for _, tt := range []struct {
		name       string
		cert       *tls.Certificate
		protos     []string
		maxVersion uint16 // of TLS
		good       bool
	}{
		{name: "a member", cert: mine, protos: raft, good: true},
		{name: "a member, forwarding", cert: mine, protos: []string{string(Forward)}, good: true},
		{name: "a member, commanding", cert: mine, protos: []string{string(Command)}, good: true},
		{name: "no certificate", protos: raft},
		{name: "another cluster's", cert: by(other, stranger, nil), protos: raft},
		{name: "another cluster's, with our names", cert: by(impostor, b.identity.Node(), nil), protos: raft},
		{name: "signed by itself", cert: by(self, stranger, nil), protos: raft},
		{name: "signed by itself, as a member", cert: by(self, b.identity.Node(), nil), protos: raft},
		{name: "ours, but no member", cert: by(w.authority, stranger, nil), protos: raft},
		{name: "a member's id with another key", cert: by(w.authority, b.identity.Node(), nil), protos: raft},
		{name: "a member's certificate without its key", cert: &thief, protos: raft},
		{name: "expired", cert: own(func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) }),
			protos: raft},
		{name: "not yet valid", cert: own(func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Second) }),
			protos: raft},
		{name: "valid for a second more", cert: own(func(c *x509.Certificate) { c.NotAfter = noon.Add(time.Second) }),
			protos: raft, good: true},
		{name: "another machine in the subject", cert: own(func(c *x509.Certificate) {
			c.Subject.CommonName = string(a.identity.Node())
		}), protos: raft},
		{name: "another machine in the names", cert: own(func(c *x509.Certificate) {
			c.DNSNames[0] = a.identity.Node().serverName(w.authority.cluster)
		}), protos: raft},
		{name: "the authority's own", cert: &tls.Certificate{Certificate: [][]byte{w.authority.cert.Raw},
			PrivateKey: w.authority.key}, protos: raft},
		{name: "for servers only", cert: own(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), protos: raft},
		{name: "no certificate, for news", protos: []string{string(news)}},
		{name: "another cluster's, for news", cert: by(other, stranger, nil), protos: []string{string(news)}},
		{name: "ours, but no member, for news", cert: by(w.authority, stranger, nil), protos: []string{string(news)}},
		{name: "no protocol", cert: mine},
		{name: "an unknown protocol", cert: mine, protos: []string{"h2"}},
		{name: "two protocols", cert: mine, protos: []string{string(Raft), string(join)}},
		{name: "to join", cert: mine, protos: []string{string(join)}},
		{name: "TLS 1.2", cert: mine, protos: raft, maxVersion: tls.VersionTLS12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := &tls.Config{InsecureSkipVerify: true, NextProtos: tt.protos, MaxVersion: tt.maxVersion}
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return cmp.Or(tt.cert, new(tls.Certificate)), nil
			}
			raw := the(net.Dial("tcp", a.Addr().String()))(t)
			defer raw.Close()
			must(t, raw.SetDeadline(time.Now().Add(patience)))
			c := tls.Client(raw, config)
			if tt.name == "to join" {
				must(t, c.Handshake())
				must(t, writeMessage(c, "hello"))
			}
			var first [1]byte
			_, err := io.ReadFull(c, first[:])
			if good := err == nil && first[0] == accepted; good != tt.good {
				t.Errorf("it is taken: %v (%v)", good, err)
			}
			raw.Close()
			if !tt.good {
				eventually(t, "it is over", func() bool { return a.arrivals() == 0 })
				if n := len(a.queues[Raft].conns) + len(a.queues[Forward].conns); n > 0 {
					t.Errorf("%d connections are handed on", n)
				}
				return
			}
			q := a.queues[Protocol(tt.protos[0])]
			conn := the(q.Accept())(t)
			if p := conn.(*Conn).Peer; p.ID != b.identity.Node() {
				t.Errorf("it is taken for %s", p.ID)
			}
			must(t, conn.Close())
		})
	}
}

func (p *Port) arrivals() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pending)
}

func (p *Port) opens() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// Somebody speaks another protocol to the port, or none that there is.
func TestPlaintextIsRefused(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x00\x00\x00\x00", "\x16\x03\x01\xff\xff",
		"SSH-2.0-OpenSSH_9.9\r\n"} {
		raw := the(net.Dial("tcp", a.Addr().String()))(t)
		the(raw.Write([]byte(text)))(t)
		must(t, raw.(*net.TCPConn).CloseWrite())
		ended(t, text, raw)
		raw.Close()
	}
	if a.opens() != 0 {
		t.Error("a connection is open")
	}
}

// At the address of the machine that is meant, another answers: a member whose address was
// taken over, one of another cluster, one whose certificate has expired.
func TestAnotherMachineIsNotDialed(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.machine("a"), w.machine("b"), w.machine("c")
	foreign := newWorld(t)
	x := foreign.machine("x")
	at := func(s *site, m Member) Member { m.Address = s.Addr().String(); return m }
	twin := b.member()
	twin.Address = impersonate(t, w, b)
	silent := the(net.Listen("tcp", "127.0.0.1:0"))(t)
	gone := silent.Addr().String()
	must(t, silent.Close())
	down := b.member()
	down.Address = gone
	for _, tt := range []struct {
		name string
		to   Member
		want string
	}{
		{"the one that is meant", b.member(), ""},
		{"another member", at(c, b.member()), "certificate_of_another_machine"},
		{"itself", at(a, b.member()), "certificate_of_another_machine"},
		{"another cluster's", at(x, b.member()), "certificate_of_another_machine"},
		{"another cluster's, with the names", twin, "certificate_of_another_cluster"},
		{"nobody", down, "cluster_unreachable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.registry.remove(tt.to.ID)
			w.registry.add(tt.to)
			conn, err := a.DialForward(t.Context(), tt.to.ID)
			wants(t, err, tt.want)
			if err == nil {
				must(t, conn.Close())
			}
		})
	}
	w.registry.add(b.member())
	_, err := a.DialRaft(t.Context(), "192.0.2.77:1")
	wants(t, err, "not_a_member")
	conn := the(a.DialRaft(t.Context(), b.Addr().String()))(t)
	carries(t, conn, the(b.Raft().Accept())(t))
	w.clock.set(b.identity.Certificate().NotAfter.Add(time.Second))
	_, err = a.DialForward(t.Context(), b.identity.Node())
	wants(t, err, "certificate_expired")
	changed := b.member()
	changed.Key = KeyHash{1}
	w.registry.add(changed)
	w.clock.set(noon)
	_, err = a.DialForward(t.Context(), b.identity.Node())
	wants(t, err, "not_a_member")
}

// impersonate shakes hands under a machine's names, by another authority, and returns where.
func impersonate(t *testing.T, w *world, as *site) (address string) {
	t.Helper()
	twin, key := the(newAuthority(w.authority.cluster, noon))(t), newKey(t)
	l := the(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{*pair(twin.cert, certify(t, twin, key, as.identity.Node(), nil), key)},
		NextProtos:   []string{string(Raft), string(Forward)},
	}))(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Write([]byte{accepted})
			c.Close()
		}
	}()
	return l.Addr().String()
}

// A machine is removed while it is connected, in both directions. Its connections end, and it
// is not taken any more; those of the others stay.
func TestARemovedMachineIsCutOff(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.machine("a"), w.machine("b"), w.machine("c")
	toA, atA := b.connect(a)
	toB, atB := a.connect(b)
	stays, there := c.connect(a)
	w.registry.remove(b.identity.Node())
	a.Prune()
	for what, conn := range map[string]net.Conn{"from it": atA, "its end": toA, "to it": toB, "its other end": atB} {
		ended(t, what, conn)
	}
	carries(t, stays, there)
	if n := a.opens(); n != 1 {
		t.Errorf("%d connections are open", n)
	}
	b.o.Members = func() []Member { return []Member{a.member(), b.member()} } // it has not heard of it
	_, err := b.DialForward(t.Context(), a.identity.Node())
	wants(t, err, "cluster_refused")
	_, err = a.DialForward(t.Context(), b.identity.Node())
	wants(t, err, "not_a_member")
}

// A machine was removed, and its connection is not closed yet: this machine has just begun to
// lead, and is about to look through its connections. What the other one asks for visitors, or as
// the operator, is not heard.
func TestARemovedMachineIsNotHeard(t *testing.T) {
	w := newWorld(t)
	a, b := w.machine("a"), w.machine("b")
	for _, of := range []Protocol{Forward, Command} {
		to, err := b.dial(t.Context(), of, a.member())
		must(t, err)
		at, err := a.queues[of].Accept()
		must(t, err)
		carries(t, to, at)
		w.registry.remove(b.identity.Node())
		_, err = io.WriteString(to, "DELETE /machines/a HTTP/1.1\r\n\r\n")
		must(t, err)
		said := make([]byte, 100)
		if n, err := at.Read(said); n > 0 || err == nil || said[0] != 0 {
			t.Errorf("over %s it says %q, %v", of, said, err)
		}
		w.registry.add(b.member())
	}
}

// A machine is removed after its handshake asked for the members, and before its connection
// is among those that Prune can see.
func TestAMachineIsRemovedMeanwhile(t *testing.T) {
	w := newWorld(t)
	var asked int
	var a *site
	a = w.machine("a", func(o *Options) {
		o.Members = func() []Member {
			if asked++; asked == 3 { // the handshake, the name of the peer, and then this one
				return []Member{a.member()}
			}
			return w.registry.list()
		}
	})
	b := w.machine("b")
	_, err := b.DialForward(t.Context(), a.identity.Node())
	wants(t, err, "cluster_refused")
	if asked != 3 || a.opens() != 0 {
		t.Errorf("the members were asked for %d times, and %d connections are open", asked, a.opens())
	}
}

// A certificate is renewed while the machine runs: the next handshakes show it, at either end,
// and the connections that are open stay.
func TestRenewalNeedsNoRestart(t *testing.T) {
	w := newWorld(t)
	a, b := w.machine("a"), w.machine("b")
	here, there := a.connect(b)
	w.clock.set(noon.Add(certificateTTL - RenewBefore))
	for _, s := range []*site{a, b} {
		if !s.identity.RenewalDue(w.clock.now()) {
			t.Error("it is not due")
		}
		r := the(ParseRequest(the(s.identity.Request())(t)))(t)
		must(t, s.identity.Renew(the(w.authority.Renew(s.member(), r, w.clock.now()))(t), w.clock.now()))
	}
	w.clock.set(noon.Add(certificateTTL + time.Hour)) // the first ones have expired
	carries(t, here, there)
	newHere, newThere := a.connect(b)
	carries(t, newHere, newThere)
	for end, s := range map[net.Conn]*site{newHere: b, newThere: a} {
		shown := end.(*Conn).ConnectionState().PeerCertificates[0]
		if !shown.Equal(s.identity.Certificate()) || shown.NotAfter.Before(w.clock.now()) {
			t.Errorf("the certificate ends %v", shown.NotAfter)
		}
	}
}

// A port closes, and raft's part of it before. What is open ends, and nothing waits for ever.
func TestAPortCloses(t *testing.T) {
	w := newWorld(t)
	a, b := w.machine("a"), w.machine("b")
	waiting := the(b.DialRaft(t.Context(), a.Addr().String()))(t)
	eventually(t, "it waits for raft", func() bool { return len(a.queues[Raft].conns) == 1 })
	must(t, a.Raft().Close())
	ended(t, "raft's", waiting)
	if _, err := a.Raft().Accept(); err != net.ErrClosed {
		t.Errorf("Accept = %v", err)
	}
	_, err := b.DialRaft(t.Context(), a.Addr().String())
	wants(t, err, "cluster_refused")
	here, there := b.connect(a)
	carries(t, here, there)
	raw := the(net.Dial("tcp", a.Addr().String()))(t)
	must(t, a.Close())
	ended(t, "a forwarded one", here)
	ended(t, "one without a handshake", raw)
	if _, err := a.Forward().Accept(); err != net.ErrClosed {
		t.Errorf("Accept = %v", err)
	}
	_, err = b.DialForward(t.Context(), a.identity.Node())
	wants(t, err, "cluster_unreachable")
	if must(t, a.Close()); a.opens()+a.arrivals() != 0 {
		t.Error("something is left")
	}
}

// A man in the middle has a certificate of his own, or shows the cluster's authority beside
// it. The machine that joins finds out before it has sent the token.
func TestTheTokenGoesToNobodyElse(t *testing.T) {
	w := newWorld(t)
	other := the(NewAuthority(noon))(t)
	key, id := newKey(t), NodeID(access.NewID())
	twin := the(newAuthority(w.authority.cluster, noon))(t) // the id is no secret
	chain := func(certs ...*x509.Certificate) *tls.Certificate {
		c := &tls.Certificate{PrivateKey: key}
		for _, cert := range certs {
			c.Certificate = append(c.Certificate, cert.Raw)
		}
		return c
	}
	good := certify(t, w.authority, key, id, nil)
	for _, tt := range []struct {
		name string
		cert *tls.Certificate
		want string
	}{
		{"the cluster", chain(good, w.authority.cert), "join_no_answer"}, // sent to, and does not answer
		{"another cluster", chain(certify(t, other, key, id, nil), other.cert), "join_other_cluster"},
		{"with our names", chain(certify(t, twin, key, id, nil), twin.cert), "join_other_cluster"},
		{"with our authority beside it", chain(certify(t, twin, key, id, nil), w.authority.cert),
			"certificate_of_another_cluster"},
		{"without an authority", chain(good), "join_other_cluster"},
		{"the authority alone", chain(w.authority.cert), ""},
		{"for clients only", chain(certify(t, w.authority, key, id, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}), w.authority.cert), "certificate_of_another_cluster"},
		{"for another name", chain(certify(t, w.authority, key, id, func(c *x509.Certificate) {
			c.DNSNames = []string{"x." + w.authority.cluster.serverName()}
		}), w.authority.cert), "certificate_of_another_machine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := the(net.Listen("tcp", "127.0.0.1:0"))(t)
			defer l.Close()
			got := make(chan int, 1)
			go func() {
				raw, err := l.Accept()
				if err != nil {
					got <- 0
					return
				}
				defer raw.Close()
				c := tls.Server(raw, &tls.Config{
					Certificates: []tls.Certificate{*tt.cert},
					NextProtos:   []string{string(join)},
				})
				var b [1 << 10]byte
				n, _ := c.Read(b[:])
				got <- n
			}()
			dir := filepath.Join(t.TempDir(), "cluster")
			_, err := w.join(l.Addr(), w.token(), func(o *JoinOptions) { o.Dir = dir })
			if tt.want != "" {
				wants(t, err, tt.want)
			} else if err == nil {
				t.Error("it has joined")
			}
			if n := <-got; (n > 0) != (tt.want == "join_no_answer") {
				t.Errorf("%d bytes were sent", n)
			}
			if has, err := present(dir); err != nil || (len(has) > 0) != (tt.want == "join_no_answer") {
				t.Errorf("the directory has %q, %v", has, err)
			}
		})
	}
	if slices.ContainsFunc(w.registry.list(), func(m Member) bool { return true }) {
		t.Error("somebody has joined")
	}
}
