package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
)

// patience limits the wait for what must happen, however busy the machine is.
const patience = time.Minute

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func the[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}

// wants fails the test unless err is a refusal with that code; "" is none.
func wants(t testing.TB, err error, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("it is refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Errorf("it is not refused, want %s", code)
		return
	}
	if e := access.Explain(err); e.Code != code || e.Kind == access.Internal {
		t.Errorf("it is refused with %s (%v), want %s", e.Code, err, code)
	}
}

// A registry is the store in memory. It makes each decision twice, as a store does whose
// transaction met another.
type registry struct {
	mu      sync.Mutex
	tokens  map[access.SecretHash]KeptToken
	members []Member
	fail    error // instead of keeping
}

func (r *registry) Admit(_ context.Context, hash access.SecretHash, decide func(*Admission) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := decide(r.admission(hash)); err != nil {
		return err
	}
	a := r.admission(hash)
	if err := decide(a); err != nil {
		return err
	}
	if r.fail != nil {
		return r.fail
	}
	r.tokens[hash] = *a.Token
	r.members = with(r.members, a.Joined)
	return nil
}

func (r *registry) admission(hash access.SecretHash) *Admission {
	a := &Admission{Members: slices.Clone(r.members), Schema: 7}
	if k, ok := r.tokens[hash]; ok {
		a.Token = &k
	}
	return a
}

func (r *registry) list() []Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.members)
}

func (r *registry) add(m Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = with(r.members, m)
}

func (r *registry) remove(id NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = slices.DeleteFunc(r.members, func(m Member) bool { return m.ID == id })
}

// A clock stands still until it is set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// A world is a cluster, with what an attacker needs beside it.
type world struct {
	t         *testing.T
	authority *Authority
	registry  *registry
	clock     *clock
	joins     *Joins
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, authority: the(NewAuthority(noon))(t), clock: &clock{at: noon},
		registry: &registry{tokens: map[access.SecretHash]KeptToken{}}}
	w.joins = &Joins{Authority: having(w.authority), Registry: w.registry,
		Bundle: func(context.Context, Member) ([]byte, error) { return []byte("the instance key"), nil }}
	return w
}

func having(a *Authority) func(context.Context) (*Authority, error) {
	return func(context.Context) (*Authority, error) { return a, nil }
}

// token makes a token that can be used from now on.
func (w *world) token() Token {
	t := NewToken(w.authority)
	w.registry.mu.Lock()
	defer w.registry.mu.Unlock()
	w.registry.tokens[t.Secret.Hash()] = t.Keep(w.clock.now())
	return t
}

// A site is a machine with its port.
type site struct {
	*Port
	w        *world
	identity *Identity
	dir      string
}

// machine starts a member.
func (w *world) machine(name string, change ...func(*Options)) *site {
	w.t.Helper()
	o := Options{Now: w.clock.now, Log: slog.New(slog.DiscardHandler), Joins: w.joins, Members: w.registry.list,
		At: func() uint64 { return 7 }}
	for _, c := range change {
		c(&o)
	}
	if o.Listener == nil {
		o.Listener = the(net.Listen("tcp", "127.0.0.1:0"))(w.t)
	}
	dir := filepath.Join(w.t.TempDir(), name)
	address := o.Listener.Addr().String()
	o.Identity = the(Create(dir, w.authority, name, address, w.clock.now()))(w.t)
	w.registry.add(o.Identity.Member("1.0.0", w.clock.now()))
	s := &site{Port: Serve(o), w: w, identity: o.Identity, dir: dir}
	w.t.Cleanup(func() { s.Close() })
	return s
}

func (s *site) member() Member { return s.identity.Member("1.0.0", s.w.clock.now()) }

// connect opens a connection from one machine to another, and returns both its ends.
func (s *site) connect(to *site) (here, there net.Conn) {
	s.w.t.Helper()
	here = the(s.DialForward(s.w.t.Context(), to.identity.Node()))(s.w.t)
	there = the(to.Forward().Accept())(s.w.t)
	return here, there
}

// join is a machine's try to join, with what can be changed of it.
func (w *world) join(contact net.Addr, token Token, change ...func(*JoinOptions)) (*Identity, error) {
	w.t.Helper()
	o := JoinOptions{
		Dir:     filepath.Join(w.t.TempDir(), "cluster"),
		Token:   token,
		Contact: contact.String(),
		Name:    "new",
		Address: "192.0.2.9:8443",
		Version: "1.0.0",
		Schema:  7,
		Now:     w.clock.now,
	}
	for _, c := range change {
		c(&o)
	}
	return Join(w.t.Context(), o)
}

// ended fails the test unless the other end closes the connection.
func ended(t testing.TB, what string, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return // it is closed at this end
	}
	var b [64]byte
	for {
		if _, err := c.Read(b[:]); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Errorf("%s: the connection is not closed", what)
			}
			return
		}
	}
}

// carries fails the test unless a byte gets from one end to the other.
func carries(t testing.TB, from, to net.Conn) {
	t.Helper()
	if _, err := from.Write([]byte{42}); err != nil {
		t.Errorf("the connection is closed: %v", err)
		return
	}
	must(t, to.SetReadDeadline(time.Now().Add(patience)))
	var b [1]byte
	if _, err := io.ReadFull(to, b[:]); err != nil || b[0] != 42 {
		t.Errorf("the other end got %v, %v", b, err)
	}
}

// certify makes a certificate as Issue does, but for what change does to it.
func certify(t testing.TB, by *Authority, key *ecdsa.PrivateKey, id NodeID,
	change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: newSerial(),
		DNSNames:     []string{id.serverName(by.cluster), by.cluster.serverName()},
		NotBefore:    noon.Add(-backdate),
		NotAfter:     noon.Add(certificateTTL),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	c.Subject.CommonName = string(id)
	if change != nil {
		change(c)
	}
	der := the(x509.CreateCertificate(rand.Reader, c, by.cert, key.Public(), by.key))(t)
	return the(x509.ParseCertificate(der))(t)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	return the(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
}

func pair(ca *x509.Certificate, cert *x509.Certificate, key *ecdsa.PrivateKey) *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, ca.Raw}, PrivateKey: key, Leaf: cert}
}
