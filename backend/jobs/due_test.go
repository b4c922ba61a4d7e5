package jobs

import (
	"context"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/store"
)

// An invitation gets one reminder, a day before it expires, and expires on the
// second; an account that nobody decides on is removed after 30 days, with
// notice.
func TestInvitationEndsByItself(t *testing.T) {
	fx := newFixture(t)
	in, err := fx.Invitations.Invite(t.Context(), fx.ann, invitation(t, "ada@example.com", access.Fleet))
	must(t, err)
	id := in.Member.ID
	steps := []struct {
		name                       string
		at                         time.Duration
		reminders, ended, abandons int
	}{
		{"a second before the last day", 6*day - time.Second, 0, 0, 0},
		{"as the last day begins", 6 * day, 1, 0, 0},
		{"later that day", 6*day + time.Hour, 1, 0, 0},
		{"a second before the end", 7*day - time.Second, 1, 0, 0},
		{"at the end", 7 * day, 1, 1, 0},
		{"a week later", 14 * day, 1, 1, 0},
		{"a second before 30 days", 30*day - time.Second, 1, 1, 0},
		{"after 30 days", 30 * day, 1, 1, 1},
		{"later", 40 * day, 1, 1, 1},
	}
	for _, s := range steps {
		fx.clock.forward(noon.Add(s.at).Sub(fx.clock.now()))
		fx.sweep()
		c, err := fx.Dashboard.Overview(t.Context(), access.Operator)
		must(t, err)
		_, there := fx.Members.Get(t.Context(), fx.ann, id)
		reminders, ended := fx.did(access.ActionRemind), fx.did(access.ActionExpire)
		removed := fx.did(access.ActionRemoveUndecided)
		if reminders != s.reminders || ended != s.ended || removed != s.abandons ||
			access.NotFound.Is(there) != (s.abandons == 1) || c.Expired != s.ended-s.abandons {
			t.Errorf("%s: %d reminders, %d ended, %d removed, %+v", s.name, reminders, ended, removed, c.Counters)
		}
		fx.verify()
	}
	if l := fx.messages(access.UndecidedMessage); len(l) != 1 || l[0].Recipient != "ann@example.org" ||
		!strings.Contains(fx.body(l[0].ID).Text, "ada@example.com") {
		t.Errorf("the notice: %+v", l)
	}
	again := invitation(t, "ADA@example.com", access.Fleet)
	if _, err := fx.Invitations.Invite(t.Context(), fx.ann, again); err != nil {
		t.Errorf("the address is not free again: %v", err)
	}
}

// Where the operator sent the invitation, or the inviter has been removed, an
// Admin gets the notice.
func TestAbandonedByOperatorIsToldToAnAdmin(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.Members.Remove(t.Context(), fx.ann, fx.bob.Member))
	fx.invite("ada@example.com")
	fx.clock.forward(30 * day)
	fx.sweep()
	if l := fx.messages(access.UndecidedMessage); len(l) != 1 || l[0].Recipient != "ann@example.org" {
		t.Errorf("the notice: %+v", l)
	}
}

// An Admin sets how long pending accounts are kept. Those who were invited before keep the time
// they were invited with, and each notice says how long it was.
func TestAbandonedAsTheSettingsSay(t *testing.T) {
	fx := newFixture(t)
	fx.invite("ada@example.com")
	set := func(lasts time.Duration) {
		_, err := fx.Settings.Change(t.Context(), access.Operator, service.SettingsChange{
			Lifetimes: map[access.Lifetime]time.Duration{access.LifetimePendingAccount: lasts}})
		must(t, err)
	}
	set(10 * day)
	fx.invite("bea@example.com")
	set(60 * day)
	fx.invite("cleo@example.com")
	noon := fx.clock.now()
	for _, s := range []struct {
		at      time.Duration
		removed int
	}{{10*day - time.Second, 0}, {10 * day, 1}, {30*day - time.Second, 1}, {30 * day, 2}, {60*day - time.Second, 2},
		{60 * day, 3}} {
		fx.clock.forward(noon.Add(s.at).Sub(fx.clock.now()))
		fx.sweep()
		if removed := fx.did(access.ActionRemoveUndecided); removed != s.removed {
			t.Errorf("after %v: %d removed, want %d", s.at, removed, s.removed)
		}
	}
	for _, l := range fx.messages(access.UndecidedMessage) {
		text := fx.body(l.ID).Text
		for who, span := range map[string]string{"ada@": "30", "bea@": "10", "cleo@": "60"} {
			if strings.Contains(text, who) && !strings.Contains(text, span+"\u00a0days") {
				t.Errorf("the notice about %s does not say %s days:\n%s", who, span, text)
			}
		}
	}
	fx.verify()
}

// The reminder carries a new link that works, and renewing the invitation starts
// its time again.
func TestReminder(t *testing.T) {
	fx := newFixture(t)
	id := fx.invite("ada@example.com").Member.ID
	fx.clock.forward(6 * day)
	fx.sweep()
	link := fx.linkTo(access.ExpiringMessage, "ada@example.com")
	if _, err := fx.SignIn.PeekLink(t.Context(), link, browser("ada")); err != nil {
		t.Errorf("the link of the reminder: %v", err)
	}
	fx.clock.forward(2 * day)
	fx.sweep()
	c, err := fx.Invitations.Resend(t.Context(), fx.ann, id)
	if err != nil || c.Invitation.Expired || !c.Invitation.ExpiresAt.Equal(noon.Add(15*day)) {
		t.Errorf("Resend = %+v, %v", c.Invitation, err)
	}
	fx.clock.forward(6 * day)
	fx.sweep()
	if n := fx.did(access.ActionRemind); n != 2 {
		t.Errorf("%d reminders after a renewal, want 2", n)
	}
	aDay := invitation(t, "short@example.com", access.Fleet)
	aDay.TTL = day
	short, err := fx.Invitations.Invite(t.Context(), fx.ann, aDay)
	must(t, err)
	fx.sweep()
	m := fx.message(access.InvitationMessage, "short@example.com")
	if m.ID != short.Member.Message || fx.did(access.ActionRemind) != 2 {
		t.Error("an invitation for a day was reminded of as it began")
	}
	fx.verify()
}

// A due item fails: it waits, the others go on, the store stays consistent
// meanwhile, and the item is done in the end.
func TestPostponed(t *testing.T) {
	fx := newFixture(t)
	stuck := fx.invite("stuck@example.com").Member.ID
	fx.clock.forward(time.Minute)
	fx.invite("next@example.com")
	fx.clock.forward(6 * day)
	must(t, fx.jobs.postpone(t.Context(), store.Due{At: noon.Add(6 * day), Kind: store.DueMember, Ref: string(stuck)}))
	fx.verify()
	fx.sweep()
	if l := fx.messages(access.ExpiringMessage); len(l) != 1 || l[0].Recipient != "next@example.com" {
		t.Errorf("reminded: %+v", l)
	}
	fx.verify()
	fx.clock.forward(postponed)
	fx.sweep()
	if l := fx.messages(access.ExpiringMessage); len(l) != 2 {
		t.Errorf("reminded in the end: %+v", l)
	}
	fx.verify()
}

// An email's expiry was postponed, and an Admin has retried the email since. The
// postponed expiry must not fail it.
func TestPostponedEndOfMessageIsOvertaken(t *testing.T) {
	fx := newFixture(t)
	fx.invite("ada@example.com")
	m := fx.message(access.InvitationMessage, "ada@example.com")
	must(t, fx.jobs.postpone(t.Context(), store.Due{At: m.ExpiresAt, Kind: store.DueMessage, Ref: string(m.ID)}))
	must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
		m := m
		m.ExpiresAt = m.ExpiresAt.Add(day)
		return tx.Messages.Put(m)
	}))
	fx.verify()
	fx.clock.forward(postponed)
	fx.sweep()
	if now := fx.message(access.InvitationMessage, "ada@example.com"); now.Done() {
		t.Errorf("the email was ended: %+v", now)
	}
	fx.verify()
}

// The sweeper sleeps until the next item is due. An item that is due sooner wakes
// it; an invitation, which expires much later, does not.
func TestTheSweeperWakesForWhatFallsDueSooner(t *testing.T) {
	fx := newFixture(t)
	fx.invite("far@example.com")
	run, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	changes, err := fx.Watch(t.Context())
	must(t, err)
	go func() { defer close(over); fx.jobs.Run(run) }()
	defer func() { stop(); <-over }()
	for fx.jobs.nextDue.Load() == 0 || fx.jobs.nextDue.Load() == math.MaxInt64 {
		runtime.Gosched()
	}
	asleep := fx.jobs.nextDue.Load()
	fx.invite("farther@example.com")
	if len(fx.jobs.due) != 0 || fx.jobs.nextDue.Load() != asleep {
		t.Error("an invitation woke the sweeper")
	}
	fx.waiting("ada@example.com") // Admins are notified at once
	deadline := time.After(time.Minute)
	for len(fx.messages(access.RequestsMessage)) == 0 {
		select {
		case <-changes:
		case <-deadline:
			t.Fatal("nobody was told that somebody waits")
		}
	}
}

// The digests were queued while four members could decide. Since then one lost
// the role, one was suspended, one was removed, one turned the emails off: none
// of them is told who has applied.
func TestDigestGoesToWhoMayDecideNow(t *testing.T) {
	fx := newFixture(t)
	keeper := access.Role{Name: "Keeper", Permissions: []access.Permission{
		access.May(access.Read, access.ResMembers), access.May(access.Decide, access.ResMembers),
	}}
	must(t, fx.Roles.Put(t.Context(), access.Operator, keeper))
	member := func(name string) access.MemberID {
		return fx.member(name+"@example.org", keeper.Name)
	}
	stays := member("stays")
	demoted := member("demoted")
	suspended := member("suspended")
	removed := member("removed")
	quiet := member("quiet")
	fx.waiting("ada@example.com")
	fx.clock.forward(15 * time.Minute)
	told := []string{string(demoted), string(suspended), string(removed), string(quiet), string(stays)}
	must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error { return digest(tx, told) }))

	_, err := fx.Members.ChangeRoles(t.Context(), fx.ann, demoted, []access.RoleName{access.Fleet})
	must(t, err)
	_, err = fx.Members.Suspend(t.Context(), fx.ann, suspended)
	must(t, err)
	must(t, fx.Members.Remove(t.Context(), fx.ann, removed))
	must(t, fx.Account.MuteDigest(t.Context(), session(quiet), true))
	fx.sweep()

	messages := fx.messages(access.RequestsMessage)
	if len(messages) != 1 || messages[0].Recipient != "stays@example.org" {
		for _, m := range messages {
			t.Errorf("an email went to %s", m.Recipient)
		}
	}
}
