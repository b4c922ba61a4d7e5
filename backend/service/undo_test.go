package service_test

import (
	"context"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A thing is a change that can be undone, with what it is done to.
type thing struct {
	name   string
	target func(fx *fixture) access.MemberID
	do     func(fx *fixture, actor access.Actor, id access.MemberID) error
}

var undoable = []thing{
	{"approve", func(fx *fixture) access.MemberID { return fx.waiting("ada@example.com").Member.ID },
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			return only(fx.Members.Approve(context.Background(), actor, id, []access.RoleName{access.AILoop}))
		}},
	{"suspend", (*fixture).joined,
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			return only(fx.Members.Suspend(context.Background(), actor, id))
		}},
	{"change roles", func(fx *fixture) access.MemberID { return fx.member("ada@example.com", "Ada", access.Fleet) },
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			return only(fx.Members.ChangeRoles(context.Background(), actor, id, []access.RoleName{access.AILoop}))
		}},
}

// joined is a member without an open invitation: a suspension would void its link for good,
// and delete its email.
func (fx *fixture) joined() access.MemberID {
	id := fx.waiting("ada@example.com").Member.ID
	must(fx.t, only(fx.Members.Approve(fx.t.Context(), access.Operator, id, nil)))
	return id
}

// Undo puts back what was, and the audit log has both.
func TestUndo(t *testing.T) {
	for _, tt := range undoable {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			id := tt.target(fx)
			before := fx.memberView(id)
			messages, entries := len(fx.messages("")), len(fx.entries())
			must(t, tt.do(fx, fx.ann, id))
			done := fx.memberView(id)
			if done.UndoUntil != fx.clock.now().Add(access.UndoTTL) {
				t.Errorf("it can be undone until %v", done.UndoUntil)
			}
			fx.clock.forward(access.UndoTTL - time.Second)
			got, err := fx.Members.Undo(t.Context(), fx.ann, id)
			must(t, err)
			if got.State != before.State || access.RoleNames(got.Roles) != access.RoleNames(before.Roles) ||
				got.Epoch != before.Epoch || got.Decision != before.Decision || got.SetBack != before.SetBack ||
				got.LastStatusChange != before.LastStatusChange || got.Message != before.Message ||
				!got.UndoUntil.IsZero() {
				t.Errorf("undone:\n%+v\nbefore:\n%+v", got, before)
			}
			if n := len(fx.messages("")); n != messages {
				t.Errorf("%d emails, want %d", n, messages)
			}
			if all := fx.entries(); len(all) != entries+2 || fx.did(access.ActionUndo) != 1 {
				t.Errorf("%d audit entries, want two more than %d", len(all), entries)
			}
			refused(t, only(fx.Members.Undo(t.Context(), fx.ann, id)), access.Conflict, "nothing_to_undo")
			must(t, tt.do(fx, fx.bob, id)) // as if it had never been done
			fx.verify()
		})
	}
}

// Somebody else, a program, and whoever is late undo nothing; nor is a change undone
// that another one has followed, or whose email has left.
func TestUndoRefused(t *testing.T) {
	ctx := t.Context()
	byShell := access.Operator
	tests := []struct {
		name string
		by   func(fx *fixture) access.Actor // who made the change
		then func(fx *fixture, id access.MemberID)
		as   func(fx *fixture) access.Actor
		kind access.Kind
		code string
	}{
		{"another Admin", (*fixture).isAnn, nil, func(fx *fixture) access.Actor { return fx.bob },
			access.Conflict, "nothing_to_undo"},
		{"a member without the permission", (*fixture).isAnn, nil, func(fx *fixture) access.Actor { return fx.fay },
			access.Forbidden, ""},
		{"a token of whoever did it", (*fixture).isAnn, nil,
			func(fx *fixture) access.Actor {
				return fx.tokenOf(fx.ann, access.Admin)
			}, access.Conflict, "nothing_to_undo"},
		{"what a token did", func(fx *fixture) access.Actor { return fx.tokenOf(fx.ann, access.Admin) }, nil,
			(*fixture).isAnn, access.Conflict, "nothing_to_undo"},
		{"what the shell did", func(*fixture) access.Actor { return byShell }, nil,
			func(*fixture) access.Actor { return byShell }, access.Conflict, "nothing_to_undo"},
		{"at the end of its time", (*fixture).isAnn,
			func(fx *fixture, _ access.MemberID) { fx.clock.forward(access.UndoTTL) },
			(*fixture).isAnn, access.Conflict, "undo_expired"},
		{"after another change", (*fixture).isAnn, func(fx *fixture, id access.MemberID) {
			must(fx.t, fx.Sessions.SignOutEverywhere(ctx, fx.bob, id, false))
		}, (*fixture).isAnn, access.Conflict, "nothing_to_undo"},
		{"after another's change of roles", (*fixture).isAnn, func(fx *fixture, id access.MemberID) {
			must(fx.t, only(fx.Members.ChangeRoles(ctx, fx.bob, id, []access.RoleName{access.Fleet, access.AILoop})))
		}, (*fixture).isAnn, access.Conflict, "nothing_to_undo"},
		{"whoever is no Admin any more", func(fx *fixture) access.Actor { return fx.bob },
			func(fx *fixture, _ access.MemberID) {
				must(fx.t, only(fx.Members.ChangeRoles(ctx, fx.ann, fx.bob.Member, []access.RoleName{access.Fleet})))
			}, func(fx *fixture) access.Actor { return fx.bob }, access.Forbidden, ""},
		{"after it was removed", (*fixture).isAnn, func(fx *fixture, id access.MemberID) {
			must(fx.t, fx.Members.Remove(ctx, fx.bob, id))
		}, (*fixture).isAnn, access.NotFound, ""},
	}
	for _, what := range undoable {
		for _, tt := range tests {
			t.Run(what.name+", "+tt.name, func(t *testing.T) {
				fx := newFixture(t)
				id := what.target(fx)
				by := tt.by(fx)
				if err := what.do(fx, by, id); err != nil {
					if by.Token != "" && access.Explain(err).Code == "confirmation_required" {
						return // tokens may not do it at all
					}
					t.Fatal(err)
				}
				if tt.then != nil {
					tt.then(fx, id)
				}
				as := tt.as(fx)
				before := fx.state()
				refused(t, only(fx.Members.Undo(t.Context(), as, id)), tt.kind, tt.code)
				if fx.state() != before {
					t.Error("a refusal changed something")
				}
			})
		}
	}
}

func (fx *fixture) isAnn() access.Actor { return fx.ann }

// The email about an approval waits as long as the approval can be undone, and no longer.
// What a program or the shell approves waits for nothing.
func TestEmailWaitsForUndo(t *testing.T) {
	for _, tt := range []struct {
		by    func(fx *fixture) access.Actor
		waits time.Duration
	}{
		{(*fixture).isAnn, access.UndoTTL},
		{func(*fixture) access.Actor { return access.DesktopOperator }, access.UndoTTL},
		{func(*fixture) access.Actor { return access.Operator }, 0},
	} {
		fx := newFixture(t)
		id := fx.waiting("ada@example.com").Member.ID
		must(t, only(fx.Members.Approve(t.Context(), tt.by(fx), id, nil)))
		msg := fx.message(access.ApprovedMessage, "ada@example.com")
		if wait := msg.NextTry.Sub(fx.clock.now()); wait != tt.waits {
			t.Errorf("the email waits %v, want %v", wait, tt.waits)
		}
	}
}

// An Admin has the email sent at once; the person may have read it. The approval stays.
func TestUndoAfterItsEmail(t *testing.T) {
	for _, tt := range []struct {
		name string
		sent func(m *access.Message, now time.Time)
	}{
		{"sent", func(m *access.Message, now time.Time) { m.State, m.At = access.MessageSent, now }},
		{"being sent", func(m *access.Message, now time.Time) { m.Lease.Until = now.Add(time.Minute) }},
		{"tried", func(m *access.Message, _ time.Time) { m.Attempts = 1 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			id := fx.waiting("ada@example.com").Member.ID
			must(t, only(fx.Members.Approve(t.Context(), fx.ann, id, nil)))
			must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
				msg, err := tx.Messages.Get(fx.message(access.ApprovedMessage, "ada@example.com").ID)
				must(t, err)
				tt.sent(&msg, tx.Now)
				return tx.Messages.Put(msg)
			}))
			refused(t, only(fx.Members.Undo(t.Context(), fx.ann, id)), access.Conflict, "undo_expired")
			if m := fx.memberView(id); m.State != access.Active {
				t.Errorf("the member is %s", m.State)
			}
		})
	}
}

// Sessions that a suspension ended are open again once it is undone, and end for good when
// it is not. Meanwhile they open nothing. A session from after the suspension stays.
func TestSessionsAfterUndo(t *testing.T) {
	opens := func(fx *fixture, s access.Secret) bool {
		_, err := fx.Gate.Principal(fx.t.Context(), s)
		return err == nil
	}
	fx := newFixture(t)
	ctx := t.Context()
	id := fx.member("ada@example.com", "Ada", access.Fleet)
	kept := fx.enterAs("ada@example.com")
	must(t, only(fx.Members.Suspend(ctx, fx.ann, id)))
	if opens(fx, kept) {
		t.Error("the session of a suspended member is open")
	}
	must(t, only(fx.Members.Undo(ctx, fx.ann, id)))
	fx.clock.forward(2 * access.UndoTTL)
	fx.sweep()
	if !opens(fx, kept) {
		t.Error("the session is closed after the undo")
	}

	must(t, only(fx.Members.Suspend(ctx, fx.ann, id)))
	fx.clock.forward(access.UndoTTL)
	fx.sweep()
	must(t, only(fx.Members.Unsuspend(ctx, fx.ann, id)))
	if opens(fx, kept) {
		t.Error("a session from before the suspension is open")
	}

	second := fx.enterAs("ada@example.com")
	must(t, only(fx.Members.Suspend(ctx, fx.ann, id)))
	must(t, only(fx.Members.Unsuspend(ctx, fx.bob, id)))
	fresh := fx.enterAs("ada@example.com")
	fx.clock.forward(access.UndoTTL)
	fx.sweep()
	if opens(fx, second) {
		t.Error("a session from before the suspension is open")
	}
	if !opens(fx, fresh) {
		t.Error("the session from after the suspension is closed")
	}
	fx.verify()
}

// The window makes Cy an Admin, the other two are removed, and the undo would leave none.
func TestUndoLeavesAnAdmin(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	cy := fx.member("cy@example.org", "Cy", access.Fleet)
	must(t, only(fx.Members.ChangeRoles(ctx, access.DesktopOperator, cy, []access.RoleName{access.Admin})))
	must(t, fx.Members.Remove(ctx, access.Operator, fx.bob.Member))
	must(t, fx.Members.Remove(ctx, access.Operator, fx.ann.Member))
	refused(t, only(fx.Members.Undo(ctx, access.DesktopOperator, cy)), access.Conflict, "last_admin")
	if c := fx.counters(); c.Admins != 1 {
		t.Errorf("%d Admins", c.Admins)
	}
}

// Bob takes the role Admin from Cy, and is himself made less than that. By his undo he
// would make an Admin.
func TestUndoAboveOnesRights(t *testing.T) {
	for _, tt := range []struct {
		name string
		role access.RoleName
		code string
	}{
		{"below", keeper.Name, "role_above_own"},
		{"equal", access.Admin, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			ctx := t.Context()
			must(t, fx.Roles.Put(ctx, access.Operator, keeper))
			cy := fx.member("cy@example.org", "Cy", access.Admin)
			must(t, only(fx.Members.ChangeRoles(ctx, fx.bob, cy, []access.RoleName{access.Fleet})))
			must(t, only(fx.Members.ChangeRoles(ctx, fx.ann, fx.bob.Member, []access.RoleName{tt.role})))
			err := only(fx.Members.Undo(ctx, fx.bob, cy))
			if tt.code == "" {
				must(t, err)
				return
			}
			refused(t, err, access.Forbidden, tt.code)
		})
	}
}
