package service_test

import (
	"strings"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// An Admin presses Approve, and the console shows the member as before: the answer is
// the member as they are now.
func TestApproveAnswersWithTheMember(t *testing.T) {
	fx := newFixture(t)
	id := fx.invite("ada@example.com", access.Fleet).Member.ID
	got, err := fx.Members.Approve(t.Context(), fx.ann, id, []access.RoleName{access.AILoop})
	must(t, err)
	if got.ID != id || got.State != access.Active || access.RoleNames(got.Roles) != "AILoop" {
		t.Errorf("approved: %+v", got)
	}
}

// Somebody signs in to a window with a session that is not theirs: the audit log says
// that it was authorized.
func TestAnAuthorizedDesktopIsRecorded(t *testing.T) {
	fx := newFixture(t)
	_, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	if n := fx.did(access.ActionAuthorizeDesktop); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

// A row of a batch that repeats another says which: rows are counted from 1.
func TestARowThatRepeatsAnotherSaysWhich(t *testing.T) {
	fx := newFixture(t)
	row := func(to string) NewInvitation {
		return NewInvitation{Email: mail(t, to), Roles: []access.RoleName{access.Fleet}}
	}
	got, err := fx.Invitations.InviteMany(t.Context(), fx.ann,
		[]NewInvitation{row("ada@example.com"), row("bea@example.com"), row("BEA@example.com")}, false)
	must(t, err)
	if got[0].Err != nil || got[1].Err != nil || got[2].Err == nil ||
		!strings.Contains(got[2].Err.Error(), "Duplicate of row 2") {
		t.Errorf("got %v, %v, %v", got[0].Err, got[1].Err, got[2].Err)
	}
}

// Who presses a switch that is off already changes nothing, and leaves no entry.
func TestMutingTwiceIsMutingOnce(t *testing.T) {
	fx := newFixture(t)
	for range 2 {
		must(t, fx.Account.MuteDigest(t.Context(), fx.ann, true))
	}
	if n := fx.did(access.ActionChangeNotifications); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	must(t, fx.Account.MuteDigest(t.Context(), fx.ann, false))
	if n := fx.did(access.ActionChangeNotifications); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

// The audit log keeps ids. While a member is here, people read the address.
func TestTheAuditLogNamesMembers(t *testing.T) {
	fx := newFixture(t)
	id := fx.invite("Ada@example.com", access.Fleet).Member.ID
	page, err := fx.Audit.Find(t.Context(), fx.ann, AuditQuery{Limit: 1})
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].Target != string(id) || page.Items[0].TargetName != "Ada@example.com" {
		t.Errorf("the newest entry: %+v", page.Items)
	}
	must(t, fx.Members.Reject(t.Context(), fx.ann, id, "", false))
	page, err = fx.Audit.Find(t.Context(), fx.ann, AuditQuery{Limit: 2})
	must(t, err)
	for _, e := range page.Items {
		if e.Target != string(id) || e.TargetName != "" {
			t.Errorf("after the rejection: %+v", e)
		}
	}
}

// The first Admin sets up the workspace and signs out. Their browser is a known one:
// nobody else can use up the sign-in emails that it may request.
func TestTheBrowserOfTheSetupIsKnown(t *testing.T) {
	fx := newEmptyFixture(t)
	link, err := fx.Setup.Open(t.Context())
	must(t, err)
	b := browser("first")
	_, err = fx.Setup.SetUp(t.Context(), secretOf(link), FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann"}, b)
	must(t, err)
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		known, err := tx.Browsers.Knows("ann@example.org", b.Secret.Hash())
		if !known {
			t.Error("the browser is not known")
		}
		return err
	}))
}

// Who presses too often reads how long to wait: "a minute", not "1 minutes".
func TestALimitSaysHowLong(t *testing.T) {
	fx := newFixture(t)
	for {
		_, err := fx.Outbox.TestMail(t.Context(), fx.ann, access.Address{})
		if err == nil {
			continue
		}
		refused(t, err, access.TooMany, "too_often")
		if !strings.HasSuffix(err.Error(), "Try again in 1 minute.") {
			t.Error(err)
		}
		return
	}
}

// The first Admin was said to have invited and approved herself.
func TestNoOneInvitedTheFirstAdmin(t *testing.T) {
	fx := newEmptyFixture(t)
	link, err := fx.Setup.Open(t.Context())
	must(t, err)
	in := FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann"}
	out, err := fx.Setup.SetUp(t.Context(), secretOf(link), in, browser("first"))
	must(t, err)
	ann := access.Actor{Member: out.Member.ID, Source: access.SourceConsole}
	got, err := fx.Members.Get(t.Context(), ann, out.Member.ID)
	must(t, err)
	if got.InvitedBy != "" || got.DecidedBy != "" || !got.Decision.At.IsZero() || got.Invitation.At.IsZero() {
		t.Errorf("invited by %q at %v, decided by %q at %v", got.InvitedBy, got.Invitation.At, got.DecidedBy,
			got.Decision.At)
	}
}

// Login requests named who invited by address alone, and the audit log by name. Whoever has no
// name, and whoever is no member, has none here either.
func TestInvitersAreNamed(t *testing.T) {
	fx := newFixture(t)
	ben := fx.confirmed(fx.member("ben@example.org", "Ben Ito", access.Admin))
	kay := fx.confirmed(fx.member("kay@example.org", "", access.Admin))
	inviters := map[string]access.Actor{"a@example.com": ben, "b@example.com": kay, "c@example.com": access.Operator}
	for to, by := range inviters {
		in := NewInvitation{Email: mail(t, to), Roles: []access.RoleName{access.Fleet}}
		_, err := fx.Invitations.Invite(t.Context(), by, in)
		must(t, err)
	}
	page, err := fx.Members.LoginRequests(t.Context(), fx.ann, RequestQuery{})
	must(t, err)
	want := map[string]string{"ben@example.org": "Ben Ito", "kay@example.org": "", "the operator": ""}
	for _, m := range page.Items {
		if name, ok := want[m.InvitedBy]; !ok || m.InvitedByName != name {
			t.Errorf("%s was invited by %q, %q", m.Email.Typed, m.InvitedBy, m.InvitedByName)
		}
	}
	for _, by := range page.Inviters {
		if name, ok := want[by.Name]; !ok || by.MemberName != name {
			t.Errorf("an inviter is %+v", by)
		}
	}
	if len(page.Items) != 3 || len(page.Inviters) != 3 {
		t.Errorf("%d requests by %d inviters", len(page.Items), len(page.Inviters))
	}
	got, err := fx.Members.Approve(t.Context(), ben, page.Items[0].ID, []access.RoleName{access.Fleet})
	must(t, err)
	if got.DecidedByName != "Ben Ito" {
		t.Errorf("approved by %q, %q", got.DecidedBy, got.DecidedByName)
	}
}
