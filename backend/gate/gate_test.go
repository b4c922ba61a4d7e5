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

// A fixture is a gate on a store of its own, and members to test it with.
type fixture struct {
	*Gate
	t     testing.TB
	store *store.Store
	at    atomic.Int64
}

func openLobby(t testing.TB, engine kv.Opener) *fixture {
	t.Helper()
	fx := &fixture{t: t}
	fx.at.Store(noon.UnixMicro())
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return time.UnixMicro(fx.at.Load()).UTC() }
	var err error
	fx.store, err = store.Open(store.Options{Engine: engine, Now: now, Logger: quiet, Twice: true, MinFree: 1})
	must(t, err)
	t.Cleanup(func() { fx.store.Close() })
	fx.Gate, err = New(t.Context(), fx.store, quiet)
	must(t, err)
	return fx
}

func (fx *fixture) forward(d time.Duration) { fx.at.Add(d.Microseconds()) }

func (fx *fixture) update(fn func(tx *store.Tx) error) {
	fx.t.Helper()
	must(fx.t, fx.store.Update(fx.t.Context(), fn))
}

// member stores an active member with these roles.
func (fx *fixture) member(name string, roles ...access.RoleName) access.Member {
	fx.t.Helper()
	a, err := address.Parse(name + "@example.org")
	must(fx.t, err)
	m := access.Member{
		ID:    access.MemberID(access.NewID()),
		Email: a,
		Name:  name,
		State: access.Active,
		Roles: roles,
		Epoch: 1,
	}
	fx.put(m)
	return m
}

func (fx *fixture) put(m access.Member) {
	fx.t.Helper()
	fx.update(func(tx *store.Tx) error { return tx.Members.Put(m) })
}

// enter opens a session for the member, now.
func (fx *fixture) enter(m access.Member) access.Secret {
	fx.t.Helper()
	s := access.NewSecret()
	fx.update(func(tx *store.Tx) error {
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

// session is the stored record of a session.
func (fx *fixture) session(s access.Secret) (opened access.Session, ok bool) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		opened, ok, err = tx.Sessions.Get(s.Hash())
		return err
	}))
	return opened, ok
}

// token makes an API token: owned by the member, or without an owner where the id
// is empty.
func (fx *fixture) token(m access.Member, roles ...access.RoleName) (access.Token, access.Secret) {
	fx.t.Helper()
	secret := access.Secret(access.TokenPrefix) + access.NewSecret()
	t := access.Token{
		ID:    access.TokenID(access.NewID()),
		Name:  "ci",
		Hash:  secret.Hash(),
		Owner: m.ID,
		Roles: roles,
		Epoch: m.TokenEpoch,
	}
	fx.update(func(tx *store.Tx) error {
		t.CreatedAt = tx.Now
		return tx.Tokens.Put(t)
	})
	return t, secret
}

// opens reports whether the token's secret is accepted. A refusal has to be the
// one that all bad tokens get.
func (fx *fixture) opens(secret access.Secret) bool {
	fx.t.Helper()
	_, err := fx.TokenPrincipal(fx.t.Context(), secret)
	if err != nil {
		refused(fx.t, err, access.SignedOut, "bad_token")
	}
	return err == nil
}

// state is every stored record, to check that nothing changed.
func (fx *fixture) state() string {
	fx.t.Helper()
	var b strings.Builder
	must(fx.t, fx.store.Each(fx.t.Context(), func(key, value []byte) error {
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

// refused checks that err is an access error of this kind and code.
func refused(t testing.TB, err error, kind access.Kind, code string) {
	t.Helper()
	if e := access.Explain(err); err == nil || e.Kind != kind || code != "" && e.Code != code {
		t.Errorf("got %v, want a refusal of kind %s, code %q", err, kind, code)
	}
}

// Somebody is signed in at a node that loses the lead, is suspended through the
// new leader, and returns to the first node. Its cache must not let them in,
// neither while it follows nor once it leads again.
func TestNothingRememberedOutlivesTheLead(t *testing.T) {
	var behind *badger.Store
	var engine *faulty.Store
	fx := openLobby(t, func(c kv.Config) (kv.Store, error) {
		b, err := badger.Open(badger.Options{Config: c})
		if err != nil {
			return nil, err
		}
		behind = b
		engine = faulty.New(b, faulty.Options{})
		return engine, nil
	})
	secret := fx.enter(fx.member("fay", access.Fleet))
	p, err := fx.Principal(t.Context(), secret)
	must(t, err)
	engine.Lead(false)
	if _, err := fx.Principal(t.Context(), secret); !access.Unavailable.Is(err) {
		t.Errorf("without the lead, Principal = %v", err)
	}
	endBehind(t, behind, p)
	engine.Lead(true)
	if _, err := fx.Principal(t.Context(), secret); err == nil {
		t.Error("whoever was ended elsewhere is let in by what this node remembers")
	}
}

// endBehind deletes the session directly in the engine, as another node would.
func endBehind(t *testing.T, b *badger.Store, p *Principal) {
	t.Helper()
	h := p.session.Hash
	must(t, b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Delete(append([]byte("s/"), h[:]...))
	}))
}

// Another node leads meanwhile and reduces the roles. Once this node leads again,
// it must not use the policy it had before.
func TestNoPolicyOutlivesTheLead(t *testing.T) {
	open, engine := enginetest.Controlled()
	fx := openLobby(t, open)
	fx.update(func(tx *store.Tx) error { _, err := fx.Policy(tx); return err })
	if fx.policy.Load() == nil {
		t.Fatal("the gate remembers no policy")
	}
	engine().Lead(false)
	if fx.policy.Load() != nil {
		t.Error("the policy is remembered without the lead")
	}
}

// A machine begins that does not lead, and so cannot read its copy of the store. It opens its
// gate all the same, admits nobody, and knows them all once it leads.
func TestAGateOpensWithoutTheLead(t *testing.T) {
	open, engine := enginetest.Controlled()
	fx := openLobby(t, open)
	m := fx.member("ada", access.Fleet)
	secret := fx.enter(m)
	// Each lead begins with a check, which refuses members without an audit log.
	fx.update(func(tx *store.Tx) error {
		return tx.Record(access.System, access.ActionApprove, string(m.ID), "")
	})
	engine().Lead(false)
	g, err := New(t.Context(), fx.store, slog.New(slog.DiscardHandler))
	must(t, err)
	if p, err := g.Principal(t.Context(), secret); err == nil {
		t.Errorf("without the lead it admits %s", p.Member.ID)
	}
	engine().Lead(true)
	p, err := g.Principal(t.Context(), secret)
	must(t, err)
	if !p.Permissions[fleet] {
		t.Error("with the lead it does not know the policy")
	}
}
