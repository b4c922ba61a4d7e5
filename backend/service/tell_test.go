package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

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
	o.clock.forward(TellInterval - 3*time.Minute - time.Second)
	o.sweep()
	if n := len(told()); n != 1 {
		t.Fatalf("%d letters within a quarter of an hour", n)
	}
	o.clock.forward(time.Second)
	o.sweep()
	all := told()
	if len(all) != 2 || !strings.Contains(all[0], "two@example.com") ||
		!strings.Contains(all[0], "three@example.com") || strings.Contains(all[0], "one@example.com") ||
		strings.Contains(all[0], "four@example.com") {
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
	for i := range MaxUntold + 5 {
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
