package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// Admins are notified at once of the first person who waits, then at most every
// 15 minutes of all who came since, unless they turned it off.
func TestAdminsAreToldOfRequests(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.Account.MuteDigest(t.Context(), fx.bob, true))
	fx.waiting("one@example.com")
	fx.sweep()
	told := func() (all []string) {
		for _, m := range fx.messages(access.RequestsMessage) {
			if m.Recipient != "ann@example.org" {
				t.Errorf("an email went to %s", m.Recipient)
			}
			all = append(all, fx.body(m.ID).Text)
		}
		return all
	}
	if all := told(); len(all) != 1 || !strings.Contains(all[0], "one@example.com") {
		t.Fatalf("the first: %q", all)
	}
	for _, who := range []string{"two", "three", "four"} {
		fx.clock.forward(time.Minute)
		fx.waiting(who + "@example.com")
		fx.sweep()
	}
	four := fx.invited("four@example.com")
	must(t, fx.Members.Reject(t.Context(), fx.ann, four, "", false))
	fx.clock.forward(TellInterval - 3*time.Minute - time.Second)
	fx.sweep()
	if n := len(told()); n != 1 {
		t.Fatalf("%d emails within a quarter of an hour", n)
	}
	fx.clock.forward(time.Second)
	fx.sweep()
	all := told()
	if len(all) != 2 || !strings.Contains(all[0], "two@example.com") ||
		!strings.Contains(all[0], "three@example.com") || strings.Contains(all[0], "one@example.com") ||
		strings.Contains(all[0], "four@example.com") {
		t.Fatalf("the second: %q", all)
	}
	fx.clock.forward(day)
	fx.sweep()
	if n := len(told()); n != 2 {
		t.Errorf("%d emails about nobody", n)
	}
	must(t, fx.Account.MuteDigest(t.Context(), fx.bob, false))
	fx.waiting("five@example.com")
	fx.sweep()
	if n := len(fx.messages(access.RequestsMessage)); n != 4 {
		t.Errorf("%d emails, want one more for each of two Admins", n)
	}
	fx.verify()
}

// Many people wait and many Admins are notified: each email lists the people,
// within the limits of one transaction.
func TestManyWaitForManyAdmins(t *testing.T) {
	fx := newFixture(t)
	for i := range 10 {
		fx.member(fmt.Sprintf("admin%d@example.org", i), "", access.Admin)
	}
	for i := range MaxUntold + 5 {
		fx.waiting(fmt.Sprintf("p%d@example.com", i))
	}
	fx.sweep()
	l := fx.messages(access.RequestsMessage)
	if len(l) != 12 {
		t.Fatalf("%d emails to 12 Admins", len(l))
	}
	for _, m := range l {
		if !strings.Contains(fx.body(m.ID).Text, "p0@example.com") {
			t.Errorf("the email to %s names nobody", m.Recipient)
		}
	}
	fx.verify()
}
