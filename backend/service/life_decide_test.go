package service_test

import (
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
)

func (l *life) approve(rt *rapid.T) {
	a, on := l.draw(rt)
	var roles []access.RoleName
	if rapid.Bool().Draw(rt, "choose roles") {
		roles = l.drawRoles(rt)
	}
	granted := roles
	if granted == nil {
		granted = on.roles
	}
	_, err := l.Members.Approve(l.ctx, a.by, on.target(), roles)
	if err != nil && roles == nil && a.soul == nil && access.Explain(err).Code == "inviter_lost_rights" {
		return // the roles have to be named
	}
	if a.judge(
		rt,
		"approve",
		on,
		err,
		access.May(access.Decide, access.ResMembers),
		on.state == access.Pending,
		!within(granted, a.rights) || !within(on.invited, a.rights),
	) {
		on.state, on.roles = access.Active, granted
	}
}

func (l *life) reject(rt *rapid.T) {
	a, on := l.draw(rt)
	err := l.Members.Reject(l.ctx, a.by, on.target(), "", false)
	if a.judge(
		rt,
		"reject",
		on,
		err,
		access.May(access.Decide, access.ResMembers),
		on.state == access.Pending,
		!within(on.invited, a.rights),
	) {
		on.end()
	}
}

var mayChange = access.May(access.Change, access.ResMembers)

func (l *life) changeRoles(rt *rapid.T) {
	a, on := l.draw(rt)
	roles := l.drawRoles(rt)
	_, err := l.Members.ChangeRoles(l.ctx, a.by, on.target(), roles)
	if a.judge(
		rt,
		"change roles",
		on,
		err,
		mayChange,
		on.id != "",
		!within(roles, a.rights) || !within(on.roles, a.rights),
	) {
		on.roles = roles
		if on.state == access.Pending {
			on.invited = roles
		}
	}
}

func (l *life) suspend(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Members.Suspend(l.ctx, a.by, on.target())
	if a.judge(rt, "suspend", on, err, mayChange, on.state == access.Active, !within(on.roles, a.rights)) {
		on.state = access.Suspended
		spend(on.sessions)
		spend(on.links)
	}
}

func (l *life) restore(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Members.Unsuspend(l.ctx, a.by, on.target())
	if a.judge(rt, "restore", on, err, mayChange, on.state == access.Suspended, !within(on.roles, a.rights)) {
		on.state = access.Active
	}
}

func (l *life) remove(rt *rapid.T) {
	a, on := l.draw(rt)
	err := l.Members.Remove(l.ctx, a.by, on.target())
	if a.judge(rt, "remove", on, err, mayChange, on.id != "", !within(on.roles, a.rights)) {
		on.end()
	}
}

func (l *life) signOut(rt *rapid.T) {
	on := l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")]
	if len(on.sessions) == 0 || on.id == "" {
		return
	}
	s := on.sessions[rapid.IntRange(0, len(on.sessions)-1).Draw(rt, "session")]
	if err := l.Gate.SignOut(l.ctx, access.Actor{Member: on.id, Source: access.SourcePortal}, s.secret); err == nil {
		s.spent = true
	}
}

// useToken uses the operator's token, which opens what the role Fleet does.
func (l *life) useToken(rt *rapid.T) {
	p, err := l.Gate.TokenPrincipal(l.ctx, l.token)
	if now := l.clock.now(); err != nil && now.Before(noon.Add(299*24*time.Hour)) {
		rt.Fatalf("the token: %v", err)
	} else if err != nil {
		return
	}
	for _, g := range access.Grantable() {
		if allowed := p.May(g) == nil; allowed != rightsOf([]access.RoleName{access.Fleet})[g] {
			rt.Fatalf("the token may %s: %v", g, allowed)
		}
	}
}

// timePasses moves the clock, never further than a machine's may jump, and does
// what has fallen due.
func (l *life) timePasses(rt *rapid.T) {
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 8, 40}).Draw(rt, "times") {
		l.clock.forward(rapid.SampledFrom([]time.Duration{time.Minute, 20 * time.Minute, 19 * time.Hour}).
			Draw(rt, "how long"))
		_, err := l.Jobs.Sweep(l.ctx)
		l.must(rt, err)
	}
	for _, s := range l.souls { // whom nobody decides is removed after 30 days
		if s.state == access.Pending {
			if _, err := l.Members.Get(l.ctx, access.Operator, s.id); access.Explain(err).Kind == access.NotFound ||
				err != nil && access.Conflict.Is(err) {
				s.end()
			}
		}
	}
}

func (l *life) restart(rt *rapid.T) { l.openDesk(rt) }
