// Package desk is where the verbs are: set up, invite, renew, redeem, ask,
// approve, reject, change access, suspend, and the rest.
//
// One verb is one function and one transaction: load what it is about, ask the
// policy whether the asker may, ask the rule in access whether it is allowed,
// keep the result, record it in the audit log, put its letters into the outbox;
// together or not at all. Nothing is sent, and nobody is told, before the
// commit. A verb that refuses leaves everything as it was.
//
// The desk also owns the one gate (Who, Principal.May) that every way in asks,
// and the work that falls due by itself (Sweep, AnswerAsks).
package desk

import (
	"context"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Options are what a desk works with.
type Options struct {
	Store     *store.Store
	Frontend  fs.FS  // holds letters/
	PublicURL string // where links lead; never taken from a request
	Mail      bool   // a mail server is configured; without one letters are kept
	Logger    *slog.Logger
}

// A Desk is safe for concurrent use.
type Desk struct {
	store     *store.Store
	letters   *Letters
	publicURL string
	host      string
	mail      bool
	log       *slog.Logger
	policy    atomic.Pointer[policy.Policy]
	gate      gate
	uses      uses
	asked     chan struct{} // somebody waits for a sign-in letter
	due       chan struct{} // something new falls due before nextDue
	asks      flood         // of strangers
	clockHeld atomic.Bool   // and the log says so
	clockWord sync.Mutex    // one word at a time that the clock is right
	nextDue   atomic.Int64  // what the sweeper waits for, in microseconds since 1970
}

// New makes a desk on an open store. It fails where the letters' templates or
// the policy cannot be loaded.
func New(ctx context.Context, o Options) (*Desk, error) {
	letters, err := NewLetters(o.Frontend)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, access.Errorf(access.Invalid, "The public URL %q is not one. Write it like https://door.example.com.", o.PublicURL).On("url")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	d := &Desk{store: o.Store, letters: letters, publicURL: strings.TrimSuffix(o.PublicURL, "/"), host: u.Hostname(), mail: o.Mail,
		log: o.Logger, asked: make(chan struct{}, 1), due: make(chan struct{}, 1)}
	d.gate.init()
	d.uses.init()
	if err := o.Store.View(ctx, func(tx *store.Tx) error { _, err := d.policyNow(tx); return err }); err != nil {
		return nil, err
	}
	o.Store.OnCommit(d.committed)
	if err := d.mendTokens(ctx); err != nil {
		d.log.ErrorContext(
			ctx,
			"the API tokens of an older version could not be put in order; the next start tries again",
			"err",
			err,
		)
	}
	return d, nil
}

// Now is the clock that everything here goes by.
func (d *Desk) Now() time.Time { return d.store.Now() }

// PublicURL is where links lead, without a slash at the end.
func (d *Desk) PublicURL() string { return d.publicURL }

// A Change is one thing that a commit changed, as Watch tells of it.
type Change = store.Change

// Watch tells of changes as they are committed.
func (d *Desk) Watch(ctx context.Context) (<-chan Change, error) { return d.store.Watch(ctx) }

// DeriveKey is a key for one use outside the store.
func (d *Desk) DeriveKey(use string) []byte { return d.store.DeriveKey(use) }

// Ready reports whether the store can be written.
func (d *Desk) Ready(ctx context.Context) error { return d.store.Ready(ctx) }

// committed drops what a commit made stale and wakes the workers. It runs
// before the Update that made it returns.
func (d *Desk) committed(all []store.Change) {
	d.gate.drop(all)
	for _, c := range all {
		switch c.Topic {
		case store.Asked:
			wake(d.asked)
		case store.DueChanged:
			if c.At.UnixMicro() < d.nextDue.Load() {
				wake(d.due)
			}
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// policyNow is the policy of the roles as this transaction sees them.
func (d *Desk) policyNow(tx *store.Tx) (*policy.Policy, error) {
	rev, err := tx.RolesRevision()
	if err != nil {
		return nil, err
	}
	if p := d.policy.Load(); p != nil && p.Revision() == rev {
		return p, nil
	}
	own, err := tx.OwnRoles()
	if err != nil {
		return nil, err
	}
	p, err := policy.Load(own, rev)
	if err != nil {
		return nil, err
	}
	d.policy.Store(p)
	return p, nil
}

// An asker is whoever asks for a verb, as its transaction sees them.
type asker struct {
	By     access.By
	Rights policy.Rights
	policy *policy.Policy
}

// may finds out who asks and refuses what they may not do, from the state now.
func (d *Desk) may(tx *store.Tx, by access.By, ask access.Permission) (asker, error) {
	a := asker{By: by}
	var err error
	if a.policy, err = d.policyNow(tx); err != nil {
		return a, err
	}
	if a.Rights, err = d.rights(tx, a.policy, by); err != nil {
		return a, err
	}
	if !a.Rights[ask] {
		return a, access.NotAllowed(ask)
	}
	return a, nil
}

func (d *Desk) rights(tx *store.Tx, p *policy.Policy, by access.By) (policy.Rights, error) {
	switch {
	case by.IsOperator():
		return allRights, nil
	case by.Token != "":
		return d.tokenRights(tx, p, by)
	case by.Member == "":
		return nil, access.SignedOutError()
	}
	m, err := tx.Member(by.Member)
	if access.NotFound.Is(err) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	return p.Rights(m.State, m.Roles)
}

// tokenRights are those of the token's roles, within those its owner has now.
func (d *Desk) tokenRights(tx *store.Tx, p *policy.Policy, by access.By) (policy.Rights, error) {
	t, err := tx.Token(by.Token)
	if access.NotFound.Is(err) || err == nil && (t.Owner != by.Member || !t.Good(tx.Now)) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	own, err := p.Rights(access.Active, t.Roles)
	if err != nil || t.Owner == "" {
		return own, err
	}
	m, err := tx.Member(t.Owner)
	if access.NotFound.Is(err) || err == nil && t.Epoch != m.TokenEpoch {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	theirs, err := p.Rights(m.State, m.Roles)
	if err != nil {
		return nil, err
	}
	both := policy.Rights{}
	for g := range own {
		if theirs[g] {
			both[g] = true
		}
	}
	return both, nil
}

var allRights = func() policy.Rights {
	r := policy.Rights{}
	for _, g := range access.Grantable() {
		r[g] = true
	}
	return r
}()

// roles checks and orders roles that the asker wants to grant.
func (a asker) roles(want []access.RoleName) ([]access.RoleName, error) {
	var roles []access.RoleName
	for _, r := range want {
		if r = a.policy.Closest(r); !contains(roles, r) {
			roles = append(roles, r)
		}
	}
	if len(roles) > access.MostHeld {
		return nil, access.TooManyRoles()
	}
	return roles, a.policy.MayGrant(a.Rights, roles)
}

func contains(roles []access.RoleName, r access.RoleName) bool {
	for _, have := range roles {
		if have == r {
			return true
		}
	}
	return false
}
