package service_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
	"doorward/backend/store"
)

// invariants are the rules that always hold; they are checked after every step.
func (md *model) invariants(rt *rapid.T) {
	admins := 0
	for _, s := range md.people {
		md.asModelled(rt, s)
		if s.state == access.Active && slices.Contains(s.roles, access.Admin) {
			admins++
		}
		for _, o := range s.sessions {
			md.session(rt, s, o)
		}
	}
	if admins == 0 {
		rt.Fatalf("no active Admin is left")
	}
	if _, err := md.Audit.Verify(md.ctx, access.Operator); err != nil {
		rt.Fatalf("the audit log: %v", err)
	}
	if _, err := md.store.Verify(md.ctx); err != nil { // counters and indexes equal a full scan
		rt.Fatalf("the store: %v", err)
	}
	md.nothingLeft(rt)
}

// asModelled compares the stored member with the model's.
func (md *model) asModelled(rt *rapid.T, s *person) {
	var m access.Member
	err := md.store.View(md.ctx, func(tx *store.Tx) (err error) { m, err = tx.Members.ByAddress(s.email); return err })
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

// session checks that a session may do exactly what its member's state and roles
// allow now: a spent one nothing, a pending one nothing but wait.
func (md *model) session(rt *rapid.T, s *person, o *credential) {
	p, err := md.Gate.Principal(md.ctx, o.secret)
	if err != nil {
		if fresh := md.clock.now().Before(o.made.Add(20 * time.Minute)); !o.spent && fresh && s.id != "" &&
			s.state != access.Suspended && md.openSessions(s) <= 15 {
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

func (md *model) openSessions(s *person) (n int) {
	for _, o := range s.sessions {
		if !o.spent {
			n++
		}
	}
	return n
}

// nothingLeft checks that a deleted address leaves no records. A request that a
// browser made before the account existed belongs to the browser: it keeps the
// address for as long as a sign-in email is valid. What does not fit one
// transaction is deleted by the sweeper, for which it is due at once.
func (md *model) nothingLeft(rt *rapid.T) {
	_, err := md.Jobs.Sweep(md.ctx)
	md.must(rt, err)
	md.must(rt, md.store.Each(md.ctx, func(key, value []byte) error {
		if strings.HasPrefix(string(key), "b/") {
			return nil
		}
		for _, s := range md.people {
			if s.deleted && (strings.Contains(string(key), s.email) || strings.Contains(string(value), s.email)) {
				rt.Fatalf("of %s, who was deleted, there is still %q", s.email, key)
			}
		}
		return nil
	}))
}
