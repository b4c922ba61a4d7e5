package service_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// Who may not change members had the name that an Admin once typed, for ever; and a name may
// not change under the eyes of whoever decides on its account.
func TestMembersChangeTheirOwnNameOnly(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	ctx := t.Context()
	window := access.Actor{Member: c.inviter.Member, Source: access.SourceDesktop}
	self := func(actor access.Actor) error { return only(fx.Account.Rename(ctx, actor, "  Fay Wray ")) }
	of := func(id access.MemberID) func(access.Actor) error {
		return func(actor access.Actor) error { return only(fx.Members.Rename(ctx, actor, id, "Fay Wray")) }
	}
	for name, tt := range map[string]struct {
		actor  access.Actor
		rename func(access.Actor) error
		code   string // of the refusal; empty: it is done
	}{
		"self":                            {c.fleet, self, ""},
		"self, an Admin":                  {fx.ann, self, ""},
		"self, in the window":             {window, self, ""},
		"self, pending":                   {c.pending, self, "pending"},
		"self, suspended":                 {c.suspended, self, "signed_out"},
		"a token of an Admin":             {c.token, self, "no_member"},
		"the operator, who has no name":   {access.Operator, self, "no_member"},
		"nobody":                          {access.Actor{}, self, "signed_out"},
		"other":                           {c.fleet, of(c.active), "not_allowed"},
		"other, who may invite":           {c.inviter, of(c.active), "not_allowed"},
		"self, by the way of who may all": {c.fleet, of(c.fleet.Member), "not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			before := fx.state()
			err := tt.rename(tt.actor)
			if tt.code != "" {
				if got := access.Explain(err); err == nil || got.Code != tt.code {
					t.Errorf("refused with %v (%s), want %s", err, got.Code, tt.code)
				}
				if fx.state() != before {
					t.Error("a refusal changed something")
				}
				return
			}
			must(t, err)
			if m := fx.memberView(tt.actor.Member); m.Name != "Fay Wray" {
				t.Errorf("the name is %q", m.Name)
			}
			log, err := fx.Audit.Find(ctx, fx.ann, AuditQuery{About: string(tt.actor.Member), Limit: 1})
			must(t, err)
			e := log.Items[0]
			if e.Action != access.ActionRename || e.Actor.Member != tt.actor.Member || e.Detail != "" {
				t.Errorf("the audit log says %+v", e)
			}
			after := fx.state()
			must(t, tt.rename(tt.actor)) // it is the name already
			if fx.state() != after {
				t.Error("the same name once more left something")
			}
		})
	}
	fx.verify()
}

// A name in an email or a list is as long and as plain as one that an Admin types.
func TestOnesOwnNameHasTheLimitsOfEveryName(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	before := fx.state()
	for name, code := range map[string]string{
		strings.Repeat("n", access.MaxName+1): "text_too_long",
		"Fay\nWray":                           "text_invisible",
		"Fay\u202eyarW":                       "text_invisible",
	} {
		got, err := fx.Account.Rename(ctx, fx.fay, name)
		if refusal := access.Explain(err); got != "" || refusal.Code != code || refusal.Field != "name" {
			t.Errorf("%q gives %q, %v (%s)", name, got, err, refusal.Code)
		}
	}
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
	got, err := fx.Account.Rename(ctx, fx.fay, strings.Repeat("ü", access.MaxName))
	must(t, err)
	if m := fx.memberView(fx.fay.Member); m.Name != got || len([]rune(got)) != access.MaxName {
		t.Errorf("the longest name became %q", m.Name)
	}
	must(t, only(fx.Account.Rename(ctx, fx.fay, "")))
	if m := fx.memberView(fx.fay.Member); m.Name != "" {
		t.Errorf("the deleted name is %q", m.Name)
	}
}

// Each name leaves an entry in the audit log for ever.
func TestOnesNameChangesOnlySoOften(t *testing.T) {
	fx := newFixture(t)
	rename := func(name string) error { return only(fx.Account.Rename(t.Context(), fx.fay, name)) }
	for n := range 10 {
		must(t, rename(strings.Repeat("x", n+1)))
	}
	refused(t, rename("Fay"), access.TooMany, "too_often")
	fx.clock.forward(ResendInterval - 200*time.Millisecond)
	err := rename("Fay")
	refused(t, err, access.TooMany, "too_often")
	if !strings.Contains(err.Error(), "in 1 minute.") {
		t.Errorf("a moment before, it says %v", err)
	}
	fx.clock.forward(time.Second)
	must(t, rename("Fay"))
	refused(t, rename("Fay Wray"), access.TooMany, "too_often")
}
