package service

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

const day = 24 * time.Hour

func (o *office) sweep() {
	o.t.Helper()
	_, err := o.Jobs.Sweep(o.t.Context())
	must(o.t, err)
}

// An invitation is reminded of once, a day before its end, ends on the second,
// and the account that nobody decided is gone after 30 days, with notice.
func TestInvitationEndsByItself(t *testing.T) {
	o := openOffice(t)
	in, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{Email: mail(t, "ada@example.com"), Roles: []access.RoleName{access.Fleet}})
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
		if o.did(access.ActionRemind) != s.reminders || o.did(access.ActionExpire) != s.ended || o.did(access.ActionRemoveUndecided) != s.abandons ||
			access.NotFound.Is(there) != (s.abandons == 1) || c.Expired != s.ended-s.abandons {
			t.Errorf("%s: %d reminders, %d ended, %d removed, %+v", s.name, o.did(access.ActionRemind), o.did(access.ActionExpire), o.did(access.ActionRemoveUndecided), c.Counters)
		}
		o.verify()
	}
	if l := o.letters(access.UndecidedMessage); len(l) != 1 || l[0].Recipient != "ann@example.org" || !strings.Contains(o.words(l[0].ID).Text, "ada@example.com") {
		t.Errorf("the notice: %+v", l)
	}
	if _, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{Email: mail(t, "ADA@example.com"), Roles: []access.RoleName{access.Fleet}}); err != nil {
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
	short, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{Email: mail(t, "short@example.com"), Roles: []access.RoleName{access.Fleet}, TTL: day})
	must(t, err)
	o.sweep()
	if l := o.letter(access.InvitationMessage, "short@example.com"); l.ID != short.Card.Message || o.did(access.ActionRemind) != 2 {
		t.Error("an invitation for a day was reminded of as it began")
	}
	o.verify()
}

// Admins hear at once of the first who waits, then at most every 15 minutes of
// all who came since, unless they turned it off.
func TestSomebodyIsWaiting(t *testing.T) {
	o := openOffice(t)
	must(t, o.Account.MuteDigest(t.Context(), o.bob, true))
	o.waiting("one@example.com")
	o.sweep()
	told := func() (all []string) {
		for _, l := range o.letters(access.RequestsMessage) {
			if l.Recipient != "ann@example.org" {
				t.Errorf("a letter went to %s", l.Recipient)
			}
			all = append(all, o.words(l.ID).Text)
		}
		return all
	}
	if all := told(); len(all) != 1 || !strings.Contains(all[0], "one@example.com") {
		t.Fatalf("the first: %q", all)
	}
	for _, who := range []string{"two", "three", "four"} {
		o.clock.forward(time.Minute)
		o.waiting(who + "@example.com")
		o.sweep()
	}
	four := o.invited("four@example.com")
	must(t, o.Members.Reject(t.Context(), o.ann, four, "", false))
	o.clock.forward(tellInterval - 3*time.Minute - time.Second)
	o.sweep()
	if n := len(told()); n != 1 {
		t.Fatalf("%d letters within a quarter of an hour", n)
	}
	o.clock.forward(time.Second)
	o.sweep()
	all := told()
	if len(all) != 2 || !strings.Contains(all[0], "two@example.com") || !strings.Contains(all[0], "three@example.com") || strings.Contains(all[0], "one@example.com") || strings.Contains(all[0], "four@example.com") {
		t.Fatalf("the second: %q", all)
	}
	o.clock.forward(day)
	o.sweep()
	if n := len(told()); n != 2 {
		t.Errorf("%d letters about nobody", n)
	}
	must(t, o.Account.MuteDigest(t.Context(), o.bob, false))
	o.waiting("five@example.com")
	o.sweep()
	if n := len(o.letters(access.RequestsMessage)); n != 4 {
		t.Errorf("%d letters, want one more for each of two Admins", n)
	}
	o.verify()
}

// Many wait and many Admins are told: each email names them, within the limits
// of one transaction.
func TestManyWaitForManyAdmins(t *testing.T) {
	o := openOffice(t)
	for i := range 10 {
		o.member(fmt.Sprintf("admin%d@example.org", i), "", access.Admin)
	}
	for i := range maxUntold + 5 {
		o.waiting(fmt.Sprintf("p%d@example.com", i))
	}
	o.sweep()
	l := o.letters(access.RequestsMessage)
	if len(l) != 12 {
		t.Fatalf("%d letters to 12 Admins", len(l))
	}
	for _, l := range l {
		if !strings.Contains(o.words(l.ID).Text, "p0@example.com") {
			t.Errorf("the letter to %s names nobody", l.Recipient)
		}
	}
	o.verify()
}

// noTrace walks everything kept, but for some kinds of keys, and finds nothing of
// somebody. Their id may stand in the audit log, in what remembers the decision
// for a day, and in what was to be told to Admins.
func (o *office) noTrace(traces []string, id access.MemberID, but string) {
	o.t.Helper()
	must(o.t, o.store.Each(o.t.Context(), func(key, value []byte) error {
		kind, all := string(key[:1]), string(key)+"\n"+string(value)
		for _, trace := range traces {
			if !strings.Contains(but, kind) && strings.Contains(all, trace) {
				o.t.Errorf("%q is left in %q: %s", trace, key, value)
			}
		}
		if strings.Contains(all, string(id)) && !strings.Contains("ujxD", kind) {
			o.t.Errorf("the id is left in %q: %s", key, value)
		}
		return nil
	}))
}

// Somebody holds the data directory's bytes after a rejection, and looks for
// whom it was about: nothing of the address, the name, the link or the emails
// is left, in any key or value. An ask for a sign-in email, which is kept alike for
// every address, known or not, goes within its quarter of an hour.
func TestRejectLeavesNoTrace(t *testing.T) {
	for _, sent := range []string{"mail", "kept"} {
		t.Run(sent, func(t *testing.T) {
			var options []officeOption
			if sent == "kept" {
				options = append(options, withoutMail)
			}
			o := openOffice(t, options...)
			in, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{Email: mail(t, "Vanish@Gone.example"), Name: "Quentin Vanishing", Note: "hello quentin", Roles: []access.RoleName{access.Fleet}})
			must(t, err)
			_, err = o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("q"))
			must(t, err)
			must(t, o.Account.Note(t.Context(), session(in.Card.ID), "I am Quentin"))
			o.codeFor("vanish@gone.example", browser("q"))
			for i := range 6 {
				o.codeFor("vanish@gone.example", browser(fmt.Sprint("q", i)))
			}
			must(t, o.SignIn.Request(t.Context(), mail(t, "vanish@gone.example"), browser("late")))
			o.sweep()
			traces := []string{"anish@", "Gone.example", "uentin", "gone.example"}
			hash := secretOf(in.Link).Hash()
			text, err := hash.MarshalText()
			must(t, err)
			traces = append(traces, string(text), string(hash[:]))
			for _, kind := range []access.MessageKind{access.InvitationMessage, access.ReceivedMessage, access.SignInMessage} {
				for _, l := range o.letters(kind) {
					if l.Member == in.Card.ID {
						traces = append(traces, string(l.ID))
					}
				}
			}

			must(t, o.Members.Reject(t.Context(), o.ann, in.Card.ID, "", false))
			o.sweep()
			o.noTrace(traces, in.Card.ID, "b") // what a browser asked for tells of no account
			o.clock.forward(access.SignInTTL)
			o.sweep()
			o.noTrace(traces, in.Card.ID, "")
			o.verify()
			again, err := o.Invitations.Invite(t.Context(), o.bob, NewInvitation{Email: mail(t, "vanish@GONE.example"), Roles: []access.RoleName{access.Fleet}})
			if err != nil || again.RejectedBefore == nil || again.RejectedBefore.By.Member != o.ann.Member {
				t.Errorf("invited again: %+v, %v", again.RejectedBefore, err)
			}
		})
	}
}

// What falls due and cannot be done waits; the rest goes on, the store fits
// together meanwhile, and it is done in the end.
func TestPostponed(t *testing.T) {
	o := openOffice(t)
	stuck := o.invite("stuck@example.com").Card.ID
	o.clock.forward(time.Minute)
	o.invite("next@example.com")
	o.clock.forward(6 * day)
	must(t, o.postpone(t.Context(), store.Due{At: noon.Add(6 * day), Kind: store.DueMember, Ref: string(stuck)}))
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
	must(t, o.postpone(t.Context(), store.Due{At: l.ExpiresAt, Kind: store.DueMessage, Ref: string(l.ID)}))
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		l := l
		l.ExpiresAt = l.ExpiresAt.Add(day)
		return tx.PutMessage(l)
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
	go func() { defer close(over); o.Jobs.Run(run) }()
	defer func() { stop(); <-over }()
	for o.nextDue.Load() == 0 || o.nextDue.Load() == math.MaxInt64 {
		runtime.Gosched()
	}
	asleep := o.nextDue.Load()
	o.invite("farther@example.com")
	if len(o.due) != 0 || o.nextDue.Load() != asleep {
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
