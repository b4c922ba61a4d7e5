package jobs

import (
	"context"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An invitation is reminded of once, a day before its end, ends on the second,
// and the account that nobody decided is gone after 30 days, with notice.
func TestInvitationEndsByItself(t *testing.T) {
	o := openOffice(t)
	in, err := o.Invitations.Invite(t.Context(), o.ann, invitation(t, "ada@example.com", access.Fleet))
	must(t, err)
	id := in.Card.ID
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
		o.clock.forward(noon.Add(s.at).Sub(o.clock.now()))
		o.sweep()
		c, err := o.Dashboard.Overview(t.Context(), access.Operator)
		must(t, err)
		_, there := o.Members.Get(t.Context(), o.ann, id)
		reminders, ended := o.did(access.ActionRemind), o.did(access.ActionExpire)
		removed := o.did(access.ActionRemoveUndecided)
		if reminders != s.reminders || ended != s.ended || removed != s.abandons ||
			access.NotFound.Is(there) != (s.abandons == 1) || c.Expired != s.ended-s.abandons {
			t.Errorf("%s: %d reminders, %d ended, %d removed, %+v", s.name, reminders, ended, removed, c.Counters)
		}
		o.verify()
	}
	if l := o.letters(access.UndecidedMessage); len(l) != 1 || l[0].Recipient != "ann@example.org" ||
		!strings.Contains(o.words(l[0].ID).Text, "ada@example.com") {
		t.Errorf("the notice: %+v", l)
	}
	again := invitation(t, "ADA@example.com", access.Fleet)
	if _, err := o.Invitations.Invite(t.Context(), o.ann, again); err != nil {
		t.Errorf("the address is not free again: %v", err)
	}
}

// Where the operator invited, or whoever did is gone, an Admin gets the notice.
func TestAbandonedByOperatorIsToldToAnAdmin(t *testing.T) {
	o := openOffice(t)
	must(t, o.Members.Remove(t.Context(), o.ann, o.bob.Member))
	o.invite("ada@example.com")
	o.clock.forward(30 * day)
	o.sweep()
	if l := o.letters(access.UndecidedMessage); len(l) != 1 || l[0].Recipient != "ann@example.org" {
		t.Errorf("the notice: %+v", l)
	}
}

// The reminder carries a link of its own that works, and renewing begins again.
func TestReminder(t *testing.T) {
	o := openOffice(t)
	id := o.invite("ada@example.com").Card.ID
	o.clock.forward(6 * day)
	o.sweep()
	link := o.linkTo(access.ExpiringMessage, "ada@example.com")
	if _, err := o.SignIn.PeekLink(t.Context(), link, browser("ada")); err != nil {
		t.Errorf("the link of the reminder: %v", err)
	}
	o.clock.forward(2 * day)
	o.sweep()
	c, err := o.Invitations.Resend(t.Context(), o.ann, id)
	if err != nil || c.Invitation.Expired || !c.Invitation.ExpiresAt.Equal(noon.Add(15*day)) {
		t.Errorf("Resend = %+v, %v", c.Invitation, err)
	}
	o.clock.forward(6 * day)
	o.sweep()
	if n := o.did(access.ActionRemind); n != 2 {
		t.Errorf("%d reminders after a renewal, want 2", n)
	}
	aDay := invitation(t, "short@example.com", access.Fleet)
	aDay.TTL = day
	short, err := o.Invitations.Invite(t.Context(), o.ann, aDay)
	must(t, err)
	o.sweep()
	l := o.letter(access.InvitationMessage, "short@example.com")
	if l.ID != short.Card.Message || o.did(access.ActionRemind) != 2 {
		t.Error("an invitation for a day was reminded of as it began")
	}
	o.verify()
}

// What falls due and cannot be done waits; the rest goes on, the store fits
// together meanwhile, and it is done in the end.
func TestPostponed(t *testing.T) {
	o := openOffice(t)
	stuck := o.invite("stuck@example.com").Card.ID
	o.clock.forward(time.Minute)
	o.invite("next@example.com")
	o.clock.forward(6 * day)
	must(t, o.jobs.postpone(t.Context(), store.Due{At: noon.Add(6 * day), Kind: store.DueMember, Ref: string(stuck)}))
	o.verify()
	o.sweep()
	if l := o.letters(access.ExpiringMessage); len(l) != 1 || l[0].Recipient != "next@example.com" {
		t.Errorf("reminded: %+v", l)
	}
	o.verify()
	o.clock.forward(postponed)
	o.sweep()
	if l := o.letters(access.ExpiringMessage); len(l) != 2 {
		t.Errorf("reminded in the end: %+v", l)
	}
	o.verify()
}

// An email whose end was put off, and that an Administrator has tried again
// since, is not failed by the end it once had.
func TestPostponedEndOfLetterIsOvertaken(t *testing.T) {
	o := openOffice(t)
	o.invite("ada@example.com")
	l := o.letter(access.InvitationMessage, "ada@example.com")
	must(t, o.jobs.postpone(t.Context(), store.Due{At: l.ExpiresAt, Kind: store.DueMessage, Ref: string(l.ID)}))
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		l := l
		l.ExpiresAt = l.ExpiresAt.Add(day)
		return tx.Messages.Put(l)
	}))
	o.verify()
	o.clock.forward(postponed)
	o.sweep()
	if now := o.letter(access.InvitationMessage, "ada@example.com"); now.Done() {
		t.Errorf("the letter was ended: %+v", now)
	}
	o.verify()
}

// The sweeper sleeps until what falls due next. Something that falls due sooner
// wakes it; an invitation, whose end is far away, does not.
func TestTheSweeperWakesForWhatFallsDueSooner(t *testing.T) {
	o := openOffice(t)
	o.invite("far@example.com")
	run, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	changes, err := o.Watch(t.Context())
	must(t, err)
	go func() { defer close(over); o.jobs.Run(run) }()
	defer func() { stop(); <-over }()
	for o.jobs.nextDue.Load() == 0 || o.jobs.nextDue.Load() == math.MaxInt64 {
		runtime.Gosched()
	}
	asleep := o.jobs.nextDue.Load()
	o.invite("farther@example.com")
	if len(o.jobs.due) != 0 || o.jobs.nextDue.Load() != asleep {
		t.Error("an invitation woke the sweeper")
	}
	o.waiting("ada@example.com") // Admins are told at once
	deadline := time.After(time.Minute)
	for len(o.letters(access.RequestsMessage)) == 0 {
		select {
		case <-changes:
		case <-deadline:
			t.Fatal("nobody was told that somebody waits")
		}
	}
}

// The emails about people who wait were fixed while four could decide. One lost
// the role since, one was suspended, one removed, one turned the emails off: they
// do not hear who applies any more.
func TestDigestGoesToWhoMayDecideNow(t *testing.T) {
	o := openOffice(t)
	keeper := access.Role{Name: "Keeper", Permissions: []access.Permission{
		access.May(access.Read, access.ResMembers), access.May(access.Decide, access.ResMembers),
	}}
	must(t, o.Roles.Put(t.Context(), access.Operator, keeper))
	member := func(name string) access.MemberID {
		return o.member(name+"@example.org", keeper.Name)
	}
	stays := member("stays")
	demoted := member("demoted")
	suspended := member("suspended")
	removed := member("removed")
	quiet := member("quiet")
	o.waiting("ada@example.com")
	o.clock.forward(15 * time.Minute)
	told := []string{string(demoted), string(suspended), string(removed), string(quiet), string(stays)}
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error { return digest(tx, told) }))

	_, err := o.Members.ChangeRoles(t.Context(), o.ann, demoted, []access.RoleName{access.Fleet})
	must(t, err)
	_, err = o.Members.Suspend(t.Context(), o.ann, suspended)
	must(t, err)
	must(t, o.Members.Remove(t.Context(), o.ann, removed))
	must(t, o.Account.MuteDigest(t.Context(), session(quiet), true))
	o.sweep()

	letters := o.letters(access.RequestsMessage)
	if len(letters) != 1 || letters[0].Recipient != "stays@example.org" {
		for _, l := range letters {
			t.Errorf("a letter went to %s", l.Recipient)
		}
	}
}
