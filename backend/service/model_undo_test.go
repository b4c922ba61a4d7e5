package service_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
)

// A lastChange is what a person was before a change that somebody may undo.
type lastChange struct {
	by             *person
	id             access.MemberID // by's, who may be another by then
	need           access.Permission
	until          time.Time
	state          access.State
	roles, invited []access.RoleName
	sessions       []*credential // those that the change ended
}

// changing notes what a person is before a change. Nothing of the operator's, who is not
// at a screen, can be undone.
func (md *model) changing(a actor, on *person, need access.Permission) *lastChange {
	if a.person == nil {
		return nil
	}
	u := &lastChange{
		by:      a.person,
		id:      a.person.id,
		need:    need,
		until:   md.clock.now().Add(access.UndoTTL),
		state:   on.state,
		roles:   on.roles,
		invited: on.invited,
	}
	for _, s := range on.sessions {
		if !s.spent {
			u.sessions = append(u.sessions, s)
		}
	}
	return u
}

// undo is tried by somebody after a change, mostly by who made it. It must go through for
// them while it is time, and for nobody else.
func (md *model) undo(rt *rapid.T) {
	a, on := md.draw(rt)
	if on.state != access.Active && on.state != access.Pending {
		return
	}
	switch change := rapid.IntRange(0, 2).Draw(rt, "change"); {
	case change == 0:
		md.changeRolesBy(rt, a, on)
	case change == 1 && on.state == access.Pending:
		md.approveBy(rt, a, on)
	case change == 1:
		md.suspendBy(rt, a, on)
	}
	md.clock.forward(rapid.SampledFrom([]time.Duration{0, access.UndoTTL - 1, access.UndoTTL}).Draw(rt, "after"))
	if rapid.IntRange(0, 3).Draw(rt, "between") == 0 {
		md.restore(rt)
	}
	if rapid.IntRange(0, 3).Draw(rt, "another") == 0 {
		a, _ = md.draw(rt)
	}
	u := on.undo
	fits := u != nil && a.person == u.by && a.person.id == u.id && md.clock.now().Before(u.until)
	above := fits && (!within(on.roles, a.rights) || !within(u.roles, a.rights))
	need := mayChange
	if u != nil {
		need = u.need
	}
	_, err := md.Members.Undo(md.ctx, a.by, on.target())
	if fits && !above && a.rights[need] && err != nil && access.Explain(err).Code != "last_admin" {
		rt.Fatalf("%s cannot undo the change of %s (%s): %v", a.person.email, on.email, on.state, err)
	}
	if a.person == nil { // judge wants the operator to succeed where it fits: it never does here
		fits = false
	}
	if !a.judge(rt, "undo", on, err, need, fits, above) {
		return
	}
	if on.state == access.Suspended {
		for _, s := range u.sessions {
			s.spent = false
		}
	}
	on.state, on.roles, on.invited, on.undo = u.state, slices.Clone(u.roles), u.invited, nil
}
