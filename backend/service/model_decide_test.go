package service_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
)

func (md *model) approve(rt *rapid.T) {
	a, on := md.draw(rt)
	md.approveBy(rt, a, on)
}

func (md *model) approveBy(rt *rapid.T, a actor, on *person) {
	var roles []access.RoleName
	if rapid.Bool().Draw(rt, "choose roles") {
		roles = md.drawRoles(rt)
	}
	granted := roles
	if granted == nil {
		granted = on.roles
	}
	_, err := md.Members.Approve(md.ctx, a.by, on.target(), roles)
	if err != nil && roles == nil && a.person == nil && access.Explain(err).Code == "inviter_lost_rights" {
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
		on.undo = md.changing(a, on, access.May(access.Decide, access.ResMembers))
		on.state, on.roles = access.Active, granted
	}
}

func (md *model) reject(rt *rapid.T) {
	a, on := md.draw(rt)
	err := md.Members.Reject(md.ctx, a.by, on.target(), "", false)
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

func (md *model) changeRoles(rt *rapid.T) {
	a, on := md.draw(rt)
	md.changeRolesBy(rt, a, on)
}

func (md *model) changeRolesBy(rt *rapid.T, a actor, on *person) {
	roles := md.drawRoles(rt)
	_, err := md.Members.ChangeRoles(md.ctx, a.by, on.target(), roles)
	if a.judge(
		rt,
		"change roles",
		on,
		err,
		mayChange,
		on.id != "",
		!within(roles, a.rights) || !within(on.roles, a.rights),
	) {
		if !slices.Equal(sorted(roles), sorted(on.roles)) {
			on.undo = md.changing(a, on, mayChange)
		}
		on.roles = roles
		if on.state == access.Pending {
			on.invited = roles
		}
	}
}

func (md *model) suspend(rt *rapid.T) {
	a, on := md.draw(rt)
	md.suspendBy(rt, a, on)
}

func (md *model) suspendBy(rt *rapid.T, a actor, on *person) {
	_, err := md.Members.Suspend(md.ctx, a.by, on.target())
	if a.judge(rt, "suspend", on, err, mayChange, on.state == access.Active, !within(on.roles, a.rights)) {
		on.undo = md.changing(a, on, mayChange)
		on.state = access.Suspended
		spend(on.sessions)
		spend(on.links)
	}
}

func (md *model) restore(rt *rapid.T) {
	a, on := md.draw(rt)
	_, err := md.Members.Unsuspend(md.ctx, a.by, on.target())
	if a.judge(rt, "restore", on, err, mayChange, on.state == access.Suspended, !within(on.roles, a.rights)) {
		on.state, on.undo = access.Active, nil
	}
}

func (md *model) remove(rt *rapid.T) {
	a, on := md.draw(rt)
	err := md.Members.Remove(md.ctx, a.by, on.target())
	if a.judge(rt, "remove", on, err, mayChange, on.id != "", !within(on.roles, a.rights)) {
		on.end()
	}
}

func (md *model) signOut(rt *rapid.T) {
	on := md.people[rapid.IntRange(0, len(md.people)-1).Draw(rt, "on")]
	if len(on.sessions) == 0 || on.id == "" {
		return
	}
	s := on.sessions[rapid.IntRange(0, len(on.sessions)-1).Draw(rt, "session")]
	if err := md.Gate.SignOut(md.ctx, access.Actor{Member: on.id, Source: access.SourcePortal}, s.secret); err == nil {
		s.spent = true
	}
}

// useToken uses the operator's token, which may do what the role Fleet may.
func (md *model) useToken(rt *rapid.T) {
	p, err := md.Gate.TokenPrincipal(md.ctx, md.token)
	if now := md.clock.now(); err != nil && now.Before(noon.Add(299*24*time.Hour)) {
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

// timePasses moves the clock, never further than a machine's clock may jump, and
// does what is due.
func (md *model) timePasses(rt *rapid.T) {
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 8, 40}).Draw(rt, "times") {
		md.clock.forward(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 19 * time.Hour}).
			Draw(rt, "how long"))
		_, err := md.Jobs.Sweep(md.ctx)
		md.must(rt, err)
	}
	for _, s := range md.people { // undecided members are removed after 30 days
		if s.state == access.Pending {
			if _, err := md.Members.Get(md.ctx, access.Operator, s.id); access.Explain(err).Kind == access.NotFound ||
				err != nil && access.Conflict.Is(err) {
				s.end()
			}
		}
	}
}

func (md *model) restart(rt *rapid.T) { md.openService(rt) }
