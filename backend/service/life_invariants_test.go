package service_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
	"doorward/backend/store"
)

// invariants are the rules that hold everywhere, looked at after every step.
func (l *life) invariants(rt *rapid.T) {
	admins := 0
	for _, s := range l.souls {
		l.asModelled(rt, s)
		if s.state == access.Active && slices.Contains(s.roles, access.Admin) {
			admins++
		}
		for _, o := range s.sessions {
			l.session(rt, s, o)
		}
	}
	if admins == 0 {
		rt.Fatalf("no active Admin is left")
	}
	if _, err := l.Audit.Verify(l.ctx, access.Operator); err != nil {
		rt.Fatalf("the audit log: %v", err)
	}
	if _, err := l.store.Verify(l.ctx); err != nil { // counters and indexes are those of a scan
		rt.Fatalf("the store: %v", err)
	}
	l.nothingLeft(rt)
}

// asModelled holds the member that is kept to the one that ought to be.
func (l *life) asModelled(rt *rapid.T, s *soul) {
	var m access.Member
	err := l.store.View(l.ctx, func(tx *store.Tx) (err error) { m, err = tx.Members.ByAddress(s.email); return err })
	if access.NotFound.Is(err) && s.id == "" {
		return
	}
	if err != nil || m.ID != s.id || m.State != s.state || !slices.Equal(sorted(m.Roles), sorted(s.roles)) {
		rt.Fatalf("%s is kept as %s %s %v (%v), and ought to be %s %s %v",
			s.email, m.ID, m.State, m.Roles, err, s.id, s.state, s.roles)
	}
}

func sorted(roles []access.RoleName) []access.RoleName {
	roles = slices.Clone(roles)
	slices.Sort(roles)
	return roles
}

// session holds what a session may do now to its member's state and roles: a
// spent one opens nothing, a pending one nothing but the wait.
func (l *life) session(rt *rapid.T, s *soul, o *opener) {
	p, err := l.Gate.Principal(l.ctx, o.secret)
	if err != nil {
		if fresh := l.clock.now().Before(o.made.Add(20 * time.Minute)); !o.spent && fresh && s.id != "" &&
			s.state != access.Suspended && l.openSessions(s) <= 15 {
			rt.Fatalf("a session of %s (%s) that was opened at %s: %v", s.email, s.state, o.made, err)
		}
		return
	}
	if o.spent || s.id == "" || p.Member.ID != s.id || s.state == access.Suspended {
		rt.Fatalf("a session of %s (%s) opens: spent %v", s.email, s.state, o.spent)
	}
	rights := rightsOf(s.roles)
	for _, g := range access.Grantable() {
		if allowed := p.May(g) == nil; allowed != (s.state == access.Active && rights[g]) {
			rt.Fatalf("%s (%s, %v) may %s: %v", s.email, s.state, s.roles, g, allowed)
		}
	}
	if waits := p.May(access.May(access.Wait, access.ResPortal)) == nil; s.state == access.Pending && !waits {
		rt.Fatalf("%s waits, and may not", s.email)
	}
}

func (l *life) openSessions(s *soul) (n int) {
	for _, o := range s.sessions {
		if !o.spent {
			n++
		}
	}
	return n
}

// nothingLeft holds what is kept to this: of an address that was deleted nothing is.
// What a browser asked for before there was such a member is the browser's: it has
// the address for as long as a sign-in email is good. What is more than one
// transaction holds is deleted by the sweeper, which has it at once.
func (l *life) nothingLeft(rt *rapid.T) {
	_, err := l.Jobs.Sweep(l.ctx)
	l.must(rt, err)
	l.must(rt, l.store.Each(l.ctx, func(key, value []byte) error {
		if strings.HasPrefix(string(key), "b/") {
			return nil
		}
		for _, s := range l.souls {
			if s.deleted && (strings.Contains(string(key), s.email) || strings.Contains(string(value), s.email)) {
				rt.Fatalf("of %s, who was deleted, there is still %q", s.email, key)
			}
		}
		return nil
	}))
}
