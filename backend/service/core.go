package service

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// core is what the verbs share: the store, the policy, the gate's memory, what
// emails need, and what wakes the workers.
type core struct {
	store     *store.Store
	emails    *email.Templates
	publicURL string
	host      string
	mail      bool
	log       *slog.Logger
	policy    atomic.Pointer[policy.Policy]
	gate      gate
	uses      tokenUses
	asked     chan struct{} // somebody waits for a sign-in email
	due       chan struct{} // something new falls due before nextDue
	asks      floodGate     // of strangers
	clockHeld atomic.Bool   // and the log says so
	clockWord sync.Mutex    // one word at a time that the clock is right
	nextDue   atomic.Int64  // what the sweeper waits for, in microseconds since 1970
}

// New makes a service on an open store. It fails where the policy cannot be loaded.
func New(ctx context.Context, o Options) (*Service, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, access.Errorf(access.Invalid, "The public URL %q is not one. Write it like https://door.example.com.", o.PublicURL).On("url")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &core{store: o.Store, emails: o.Emails, publicURL: strings.TrimSuffix(o.PublicURL, "/"), host: u.Hostname(), mail: o.Mail,
		log: o.Logger, asked: make(chan struct{}, 1), due: make(chan struct{}, 1)}
	s.gate.init()
	s.uses.init()
	if err := o.Store.View(ctx, func(tx *store.Tx) error { _, err := s.policyNow(tx); return err }); err != nil {
		return nil, err
	}
	o.Store.OnCommit(s.committed)
	o.Store.OnLead(s.led)
	return newService(s), nil
}

// committed drops what a commit made stale and wakes the workers. It runs
// before the Update that made it returns.
func (s *core) committed(all []store.Change) {
	s.gate.drop(all)
	for _, c := range all {
		switch c.Topic {
		case store.SignInRequested:
			wake(s.asked)
		case store.DueChanged:
			if c.At.UnixMicro() < s.nextDue.Load() {
				wake(s.due)
			}
		}
	}
}

// led forgets what is remembered of the store when this process begins to lead or
// stops: others write while it does not.
func (s *core) led(bool) {
	s.gate.forget()
	s.policy.Store(nil)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// policyNow is the policy of the roles as this transaction sees them.
func (s *core) policyNow(tx *store.Tx) (*policy.Policy, error) {
	rev, err := tx.RolesRevision()
	if err != nil {
		return nil, err
	}
	if p := s.policy.Load(); p != nil && p.Revision() == rev {
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
	s.policy.Store(p)
	return p, nil
}

// An authorized is whoever asks for a verb, as its transaction sees them.
type authorized struct {
	Actor       access.Actor
	Permissions policy.Permissions
	policy      *policy.Policy
}

// may finds out who asks and refuses what they may not do, from the state now.
func (s *core) may(tx *store.Tx, actor access.Actor, ask access.Permission) (authorized, error) {
	a := authorized{Actor: actor}
	var err error
	if a.policy, err = s.policyNow(tx); err != nil {
		return a, err
	}
	if a.Permissions, err = s.permissions(tx, a.policy, actor); err != nil {
		return a, err
	}
	if !a.Permissions[ask] {
		return a, access.NotAllowed(ask)
	}
	return a, nil
}

func (s *core) permissions(tx *store.Tx, p *policy.Policy, actor access.Actor) (policy.Permissions, error) {
	switch {
	case actor.IsOperator():
		return allPermissions, nil
	case actor.Token != "":
		return s.tokenPermissions(tx, p, actor)
	case actor.Member == "":
		return nil, access.SignedOutError()
	}
	m, err := tx.Member(actor.Member)
	if access.NotFound.Is(err) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	return p.Permissions(m.State, m.Roles)
}

// tokenPermissions are those of the token's roles, within those its owner has now.
func (s *core) tokenPermissions(tx *store.Tx, p *policy.Policy, actor access.Actor) (policy.Permissions, error) {
	t, err := tx.Token(actor.Token)
	if access.NotFound.Is(err) || err == nil && (t.Owner != actor.Member || !t.IsValid(tx.Now)) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	own, err := p.Permissions(access.Active, t.Roles)
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
	theirs, err := p.Permissions(m.State, m.Roles)
	if err != nil {
		return nil, err
	}
	both := policy.Permissions{}
	for g := range own {
		if theirs[g] {
			both[g] = true
		}
	}
	return both, nil
}

var allPermissions = func() policy.Permissions {
	r := policy.Permissions{}
	for _, g := range access.Grantable() {
		r[g] = true
	}
	return r
}()

// roles checks and orders roles that the caller wants to grant.
func (a authorized) roles(want []access.RoleName) ([]access.RoleName, error) {
	var roles []access.RoleName
	for _, r := range want {
		if r = a.policy.MatchingName(r); !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	if len(roles) > access.MaxRolesHeld {
		return nil, access.TooManyRoles()
	}
	return roles, a.policy.MayGrant(a.Permissions, roles)
}
