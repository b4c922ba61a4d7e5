package service_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// A member reads what Admins wrote about them: by the API, in a list, in the audit log, or
// because a role of theirs may see members. Only who may change members sees it, and only of
// others.
func TestTheInternalNoteIsForAdminsOnly(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	const note = "Works with us until June.\nAsk Grace before you extend it."
	see := access.Role{Name: "Reader", Permissions: []access.Permission{access.May(access.Read, access.ResMembers)}}
	must(t, fx.Roles.Put(ctx, fx.ann, see))
	reader := session(fx.member("rea@example.org", "Rea", see.Name))
	other := session(fx.member("ada@example.org", "Ada", access.Admin))

	v, err := fx.Members.WriteNote(ctx, fx.ann, other.Member, "  "+strings.ReplaceAll(note, "\n", "\r\n")+"\n")
	must(t, err)
	if v.AdminsNote != note {
		t.Errorf("written was %q", v.AdminsNote)
	}
	for name, tt := range map[string]struct {
		actor access.Actor
		want  string
	}{
		"an Admin":              {fx.ann, note},
		"another Admin":         {fx.bob, note},
		"the operator":          {access.Operator, note},
		"the member themselves": {other, ""},
		"who may see members":   {reader, ""},
	} {
		v, err := fx.Members.Get(ctx, tt.actor, other.Member)
		must(t, err)
		if v.AdminsNote != tt.want || v.InternalNote != "" {
			t.Errorf("%s reads %q and %q, want %q", name, v.AdminsNote, v.InternalNote, tt.want)
		}
	}
	page, err := fx.Members.List(ctx, fx.ann, MemberQuery{})
	must(t, err)
	for _, m := range page.Items {
		if m.InternalNote != "" || m.AdminsNote != "" {
			t.Errorf("the list of members has the note about %s", m.Email)
		}
	}
	log, err := fx.Audit.Find(ctx, fx.ann, AuditQuery{About: string(other.Member)})
	must(t, err)
	if e := log.Items[0]; e.Action != access.ActionInternalNote || e.Detail != "" {
		t.Errorf("the audit log says %s %q", e.Action, e.Detail)
	}
	if _, err := fx.Members.WriteNote(ctx, reader, other.Member, "x"); !access.Forbidden.Is(err) {
		t.Errorf("who may only see members writes: %v", err)
	}
	v, err = fx.Members.WriteNote(ctx, fx.ann, other.Member, "")
	must(t, err)
	if v.AdminsNote != "" {
		t.Errorf("it was deleted, and is %q", v.AdminsNote)
	}
}

// The history of a member had only what was done to them, or what they did to others.
func TestTheHistoryOfAMemberHasBothSides(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	ada := session(fx.member("ada@example.org", "Ada", access.Admin))
	eve := fx.member("eve@example.org", "Eve", access.Fleet)
	_, err := fx.Members.Rename(ctx, ada, eve, "Eva")
	must(t, err)
	_, err = fx.Members.Rename(ctx, fx.ann, ada.Member, "Ada L.")
	must(t, err)
	_, err = fx.Members.Rename(ctx, fx.ann, eve, "Evi")
	must(t, err)
	for _, about := range []string{string(ada.Member), "ada@example.org"} {
		page, err := fx.Audit.Find(ctx, fx.ann, AuditQuery{About: about, Limit: 2})
		must(t, err)
		if len(page.Items) != 2 || page.Items[0].Target != string(ada.Member) ||
			page.Items[1].Actor.Member != ada.Member {
			t.Errorf("the history of %s begins with %+v", about, page.Items)
		}
		if page.Next == "" {
			t.Fatal("there is more of it")
		}
		if _, err := fx.Audit.Find(ctx, fx.ann, AuditQuery{About: string(eve),
			Cursor: page.Next}); !access.Invalid.Is(err) {
			t.Errorf("a cursor of one history goes on in another: %v", err)
		}
	}
	page, err := fx.Audit.Find(ctx, fx.ann, AuditQuery{About: "nobody@example.org"})
	must(t, err)
	if len(page.Items) != 0 {
		t.Errorf("of nobody: %+v", page.Items)
	}
}

// The emails of one member were those whose address looks alike.
func TestTheEmailsOfAMemberAreTheirs(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	ada := fx.waiting("ada@example.com").Member.ID
	fx.invite("grada@example.com")
	fx.clock.forward(time.Second)
	must(t, only(fx.Members.Approve(ctx, fx.ann, ada, nil)))
	all, err := fx.Outbox.List(ctx, fx.ann, MessageQuery{Member: ada})
	must(t, err)
	seen := map[access.MessageID]bool{}
	var page store.Page[access.Message]
	for cursor := ""; ; cursor = page.Next {
		page, err = fx.Outbox.List(ctx, fx.ann, MessageQuery{Member: ada, Limit: 1, Cursor: cursor})
		must(t, err)
		for _, m := range page.Items {
			if m.Recipient != "ada@example.com" || seen[m.ID] {
				t.Errorf("to %s, twice: %v", m.Recipient, seen[m.ID])
			}
			seen[m.ID] = true
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != len(all.Items) || len(seen) < 2 || page.Total != len(seen) {
		t.Errorf("%d emails one by one of %d, and the total is %d", len(seen), len(all.Items), page.Total)
	}
	for i := range all.Items[1:] {
		if all.Items[i].QueuedAt.Before(all.Items[i+1].QueuedAt) {
			t.Error("they are not the newest first")
		}
	}
}
