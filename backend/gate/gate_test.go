package gate

import (
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/faulty"
)

var (
	noon      = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	members   = access.May(access.Read, access.ResMembers)
	fleet     = access.May(access.Open, access.ResFleet)
	fleetRole = []access.RoleName{access.Fleet}
	adminRole = []access.RoleName{access.Admin}
)

// A lobby is a gate on a store of its own, and people who come to it.
type lobby struct {
	*Gate
	t     testing.TB
	store *store.Store
	at    atomic.Int64
}

func openLobby(t testing.TB, engine kv.Opener) *lobby {
	t.Helper()
	l := &lobby{t: t}
	l.at.Store(noon.UnixMicro())
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return time.UnixMicro(l.at.Load()).UTC() }
	var err error
	l.store, err = store.Open(store.Options{Engine: engine, Now: now, Logger: quiet, Twice: true, MinFree: 1})
	must(t, err)
	t.Cleanup(func() { l.store.Close() })
	l.Gate, err = New(t.Context(), l.store, quiet)
	must(t, err)
	return l
}

func (l *lobby) forward(d time.Duration) { l.at.Add(d.Microseconds()) }

func (l *lobby) update(fn func(tx *store.Tx) error) {
	l.t.Helper()
	must(l.t, l.store.Update(l.t.Context(), fn))
}

// member keeps an active member of these roles.
func (l *lobby) member(name string, roles ...access.RoleName) access.Member {
	l.t.Helper()
	a, err := address.Parse(name + "@example.org")
	must(l.t, err)
	m := access.Member{
		ID:    access.MemberID(access.NewID()),
		Email: a,
		Name:  name,
		State: access.Active,
		Roles: roles,
		Epoch: 1,
	}
	l.put(m)
	return m
}

func (l *lobby) put(m access.Member) {
	l.t.Helper()
	l.update(func(tx *store.Tx) error { return tx.Members.Put(m) })
}

// enter opens a session of the member, as of now.
func (l *lobby) enter(m access.Member) access.Secret {
	l.t.Helper()
	s := access.NewSecret()
	l.update(func(tx *store.Tx) error {
		return tx.Sessions.Put(access.Session{
			Hash:               s.Hash(),
			Member:             m.ID,
			Method:             "link",
			OpenedAt:           tx.Now,
			SeenAt:             tx.Now,
			PermissionRevision: m.PermissionRevision,
			Epoch:              m.Epoch,
		})
	})
	return s
}

// session is what the store keeps of a session.
func (l *lobby) session(s access.Secret) (opened access.Session, ok bool) {
	l.t.Helper()
	must(l.t, l.store.View(l.t.Context(), func(tx *store.Tx) (err error) {
		opened, ok, err = tx.Sessions.Get(s.Hash())
		return err
	}))
	return opened, ok
}

// token makes an API token: of the member, or of nobody where the id is empty.
func (l *lobby) token(m access.Member, roles ...access.RoleName) (access.Token, access.Secret) {
	l.t.Helper()
	secret := access.Secret(access.TokenPrefix) + access.NewSecret()
	t := access.Token{
		ID:    access.TokenID(access.NewID()),
		Name:  "ci",
		Hash:  secret.Hash(),
		Owner: m.ID,
		Roles: roles,
		Epoch: m.TokenEpoch,
	}
	l.update(func(tx *store.Tx) error {
		t.CreatedAt = tx.Now
		return tx.Tokens.Put(t)
	})
	return t, secret
}

// opens reports whether the token's secret opens anything, and checks that a
// refusal is the one for all bad tokens.
func (l *lobby) opens(secret access.Secret) bool {
	l.t.Helper()
	_, err := l.TokenPrincipal(l.t.Context(), secret)
	if err != nil {
		refused(l.t, err, access.SignedOut, "bad_token")
	}
	return err == nil
}

// state is every record there is, to see that nothing changed.
func (l *lobby) state() string {
	l.t.Helper()
	var b strings.Builder
	must(l.t, l.store.Each(l.t.Context(), func(key, value []byte) error {
		b.Write(key)
		b.Write(value)
		return nil
	}))
	return b.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that err is an explained refusal of a kind with a code.
func refused(t testing.TB, err error, kind access.Kind, code string) {
	t.Helper()
	if e := access.Explain(err); err == nil || e.Kind != kind || code != "" && e.Code != code {
		t.Errorf("got %v, want a refusal of kind %s, code %q", err, kind, code)
	}
}

// Somebody is signed in at a node that loses the lead, is suspended through the one
// that leads then, and comes back to the first: not while it does not lead, and not
// once it leads again, may what it remembers let them in.
func TestNothingRememberedOutlivesTheLead(t *testing.T) {
	var behind *badger.Store
	var engine *faulty.Store
	l := openLobby(t, func(c kv.Config) (kv.Store, error) {
		b, err := badger.Open(badger.Options{Config: c})
		if err != nil {
			return nil, err
		}
		behind = b
		engine = faulty.New(b, faulty.Options{})
		return engine, nil
	})
	secret := l.enter(l.member("fay", access.Fleet))
	p, err := l.Principal(t.Context(), secret)
	must(t, err)
	engine.Lead(false)
	if _, err := l.Principal(t.Context(), secret); !access.Unavailable.Is(err) {
		t.Errorf("without the lead, Principal = %v", err)
	}
	endBehind(t, behind, p)
	engine.Lead(true)
	if _, err := l.Principal(t.Context(), secret); err == nil {
		t.Error("whoever was ended elsewhere is let in by what this node remembers")
	}
}

// endBehind takes the session away beside the store, as another node would.
func endBehind(t *testing.T, b *badger.Store, p *Principal) {
	t.Helper()
	h := p.session.Hash
	must(t, b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Delete(append([]byte("s/"), h[:]...))
	}))
}

// The roles mean less at the node that leads meanwhile. What this one has of the
// policy is not what it goes by once it leads again.
func TestNoPolicyOutlivesTheLead(t *testing.T) {
	open, engine := enginetest.Controlled()
	l := openLobby(t, open)
	l.update(func(tx *store.Tx) error { _, err := l.Policy(tx); return err })
	if l.policy.Load() == nil {
		t.Fatal("the gate remembers no policy")
	}
	engine().Lead(false)
	if l.policy.Load() != nil {
		t.Error("the policy is remembered without the lead")
	}
}
