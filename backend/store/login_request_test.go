package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// requests returns the first part of each address in the list of login requests, over all
// its pages, and the total.
func (b *box) requests(q RequestQuery) (all string, total int) {
	var found []string
	for {
		b.view(func(tx *Tx) error {
			p, err := tx.Members.LoginRequests(q)
			must(b.t, err)
			for _, m := range p.Items {
				name, _, _ := strings.Cut(m.Email.Canonical, "@")
				found = append(found, name)
			}
			q.Cursor, total = p.Next, p.Total
			return nil
		})
		if q.Cursor == "" {
			return strings.Join(found, " "), total
		}
	}
}

// asked stores login requests of each rank, by two inviters.
func (b *box) asked() (grace, ida access.Actor) {
	grace = access.Actor{Member: access.MemberID(access.NewID()), Source: access.SourceConsole}
	ida = access.Actor{Member: access.MemberID(access.NewID()), Source: access.SourceConsole}
	add := func(name string, by access.Actor, change func(m *access.Member), roles ...access.RoleName) {
		m := b.person(name+"@example.com", "", roles...)
		m.Invitation.By = by
		change(&m)
		b.put(m)
		b.forward(time.Minute)
	}
	verified := func(m *access.Member) { m.EmailVerifiedAt = b.now() }
	handed := func(m *access.Member) { m.AcceptedAt = b.now() }
	invited := func(*access.Member) {}
	add("i1", grace, invited, access.Fleet)
	add("v1", grace, verified, access.Fleet)
	add("h1", ida, handed, access.AILoop)
	add("v2", ida, verified, access.Fleet, access.AILoop)
	add("i2", ida, invited, access.AILoop)
	add("h2", grace, handed, access.Fleet)
	add("o1", access.Operator, invited, access.Admin)
	add("gone", grace, func(m *access.Member) { m.State = access.Active }, access.Fleet)
	return grace, ida
}

// An Admin looks for the oldest request, for those of her team, for those that she invited;
// on pages of every length. Those who accepted come first in both orders.
func TestLoginRequestsAreFilteredAndOrdered(t *testing.T) {
	b := openBox(t, "")
	grace, ida := b.asked()
	stranger := access.Inviter(access.NewID())
	yes, no := true, false
	for _, tt := range []struct {
		q    RequestQuery
		want string
	}{
		{RequestQuery{}, "v1 v2 h1 h2 i1 i2 o1"},
		{RequestQuery{Sort: access.OldestFirst}, "v1 v2 h1 h2 i1 i2 o1"},
		{RequestQuery{Sort: access.NewestFirst}, "v2 v1 h2 h1 o1 i2 i1"},
		{RequestQuery{Role: access.Fleet}, "v1 v2 h2 i1"},
		{RequestQuery{Role: access.Fleet, Sort: access.NewestFirst}, "v2 v1 h2 i1"},
		{RequestQuery{Role: "Fle"}, ""},
		{RequestQuery{InvitedBy: grace.Inviter()}, "v1 h2 i1"},
		{RequestQuery{InvitedBy: ida.Inviter(), Sort: access.NewestFirst}, "v2 h1 i2"},
		{RequestQuery{InvitedBy: access.Operator.Inviter()}, "o1"},
		{RequestQuery{InvitedBy: stranger}, ""},
		{RequestQuery{InvitedBy: ida.Inviter(), Role: access.Fleet}, "v2"},
		{RequestQuery{Verified: &yes}, "v1 v2"},
		{RequestQuery{Verified: &no}, "h1 h2 i1 i2 o1"},
		{RequestQuery{Verified: &yes, Sort: access.NewestFirst}, "v2 v1"},
		{RequestQuery{Verified: &no, Sort: access.NewestFirst}, "h2 h1 o1 i2 i1"},
		{RequestQuery{Verified: &yes, InvitedBy: ida.Inviter()}, "v2"},
		{RequestQuery{Verified: &no, Role: access.Fleet}, "h2 i1"},
	} {
		for limit := 1; limit <= 8; limit++ {
			tt.q.Limit = limit
			got, total := b.requests(tt.q)
			if got != tt.want || total != len(strings.Fields(tt.want)) {
				t.Errorf("%+v: %s of %d, want %s", tt.q, got, total, tt.want)
			}
		}
	}
	b.view(func(tx *Tx) error {
		want := []access.Inviter{grace.Inviter(), ida.Inviter(), access.Operator.Inviter()}
		for n := 1; n <= len(want)+1; n++ {
			found, err := tx.Members.Inviters(n)
			must(t, err)
			var by []access.Inviter
			for _, actor := range found {
				by = append(by, actor.Inviter())
			}
			if !slices.Equal(by, want[:min(n, len(want))]) {
				t.Errorf("the first %d inviters are %q", n, by)
			}
		}
		return nil
	})
	b.verify()
}

// A cursor of one order or filter is refused in another. The first two are the same order.
func TestCursorOfLoginRequestsBelongsToItsFilter(t *testing.T) {
	b := openBox(t, "")
	grace, _ := b.asked()
	all := []RequestQuery{{}, {Sort: access.OldestFirst}, {Sort: access.NewestFirst}, {Role: access.Fleet},
		{InvitedBy: grace.Inviter()}, {Verified: new(bool)}}
	b.view(func(tx *Tx) error {
		for i, from := range all {
			from.Limit = 1
			p, err := tx.Members.LoginRequests(from)
			must(t, err)
			for j, to := range all {
				to.Limit, to.Cursor = 1, p.Next
				_, err := tx.Members.LoginRequests(to)
				same := i == j || i < 2 && j < 2
				if same != (err == nil) || err != nil && access.Explain(err).Code != "bad_cursor" {
					t.Errorf("a cursor of %+v for %+v: %v", from, to, err)
				}
			}
		}
		return nil
	})
}
