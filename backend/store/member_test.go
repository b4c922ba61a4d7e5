package store

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
)

// Every record is read as it was written, also after the store was reopened.
func TestRecordsRoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		m := b.person("Ada@Example.com", "Ada Lovelace", access.Fleet, access.AILoop)
		m.Note, m.MuteDigest, m.Epoch, m.EmailVerifiedAt, m.Link = "hi", true, 3, b.now(), access.NewSecret().Hash()
		opened := access.Session{
			Hash:      access.NewSecret().Hash(),
			Member:    m.ID,
			Method:    "link",
			OpenedAt:  b.now(),
			SeenAt:    b.now(),
			UserAgent: "Firefox",
		}
		l := access.LoginLink{
			Hash:      m.Link,
			Purpose:   access.ForInvitation,
			Member:    m.ID,
			Address:   m.Email.Canonical,
			CreatedAt: b.now(),
			ExpiresAt: b.now().Add(time.Hour),
		}
		k := access.Token{
			ID:        access.TokenID(access.NewID()),
			Name:      "ci",
			Hash:      access.NewSecret().Hash(),
			Owner:     m.ID,
			Roles:     m.Roles,
			CreatedAt: b.now(),
		}
		r := access.Role{Name: "Guest", Permissions: access.Grantable()[:2]}
		a := access.SignInRequest{
			Browser:   access.NewSecret().Hash(),
			Address:   m.Email,
			CreatedAt: b.now(),
			ExpiresAt: b.now().Add(time.Hour),
		}
		message, facts := messageFor(m, b.now()), access.MessageFacts{Link: "a link", Code: "a code"}
		set := access.Settings{Workspace: "Works", InvitationTTL: access.Seconds(time.Hour)}
		b.update(func(tx *Tx) error {
			return errors.Join(tx.Members.Put(m), tx.Sessions.Put(opened), tx.LoginLinks.Put(l), tx.Tokens.Put(k),
				tx.Roles.Put(r), tx.SignInRequests.Put(a),
				tx.Messages.Post(message, facts), tx.PutSettings(set),
				tx.Record(access.Operator, access.ActionInvite, string(m.ID), "x"))
		})
		b.reopen()
		b.verify()
		b.view(func(tx *Tx) error {
			same := func(what string, want, got any, err error) {
				t.Helper()
				if err != nil || !reflect.DeepEqual(want, got) {
					t.Errorf("%s = %+v, %v, want %+v", what, got, err, want)
				}
			}
			gotM, err := tx.Members.ByAddress("ada@example.com")
			same("MemberByAddress", m, gotM, err)
			gotS, _, err := tx.Sessions.Get(opened.Hash)
			same("Session", opened, gotS, err)
			gotLink, err := tx.LoginLinks.Get(l.Hash)
			same("Login", l, gotLink, err)
			gotK, _, err := tx.Tokens.ByHash(k.Hash)
			same("TokenByHash", k, gotK, err)
			own, err := tx.Roles.Own()
			same("OwnRoles", []access.Role{r}, own, err)
			requests, err := tx.SignInRequests.Next(5)
			same("NextAsks", []access.SignInRequest{a}, requests, err)
			gotMessage, err := tx.Messages.Get(message.ID)
			same("Email", message, gotMessage, err)
			gotFacts, err := tx.Messages.Facts(message.ID)
			same("Words", facts, gotFacts, err)
			gotSet, err := tx.Settings()
			same("Settings", set, gotSet, err)
			return nil
		})
	})
}

// An index that is not updated finds a member under old data, or a deleted one. Each index
// follows each change.
func TestIndexesFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		m := b.person("ada@example.com", "Ada Lovelace")
		other := b.person("alan@example.net", "Alan Turing", access.AILoop)
		b.put(m, other)
		in := func(step string, q Query, want bool) {
			t.Helper()
			if got := slices.Contains(b.found(q), "ada@example.com"); got != want {
				t.Errorf("%s: %+v finds her: %v", step, q, got)
			}
		}
		steps := []struct {
			name   string
			change func()
			yes    []Query
			no     []Query
		}{
			{"invited", func() {}, []Query{{}, {
				State: access.Pending,
			}, {Role: access.Fleet}, {Words: "ada"}, {Words: "lovel", Role: access.Fleet, State: access.Pending}},
				[]Query{{State: access.Active}, {Role: access.AILoop}, {Words: "king"}}},
			{"approved with another role", func() {
				m.State, m.Roles = access.Active, []access.RoleName{access.AILoop}
			},
				[]Query{{}, {
					State: access.Active,
				}, {Role: access.AILoop}, {Words: "ada", Role: access.AILoop, State: access.Active}},
				[]Query{{
					State: access.Pending,
				}, {Role: access.Fleet}, {Words: "ada", State: access.Pending}, {Words: "ada", Role: access.Fleet}}},
			{"renamed", func() { m.Name = "Augusta King" }, []Query{{
				Words: "augu",
			}, {Words: "king"}, {Words: "ada"}}, []Query{{Words: "lovel"}}},
			{"suspended", func() { m.State = access.Suspended }, []Query{{
				State: access.Suspended,
			}, {Words: "king", State: access.Suspended}},
				[]Query{{State: access.Active}, {Role: access.AILoop, State: access.Active}}},
		}
		for _, s := range steps {
			s.change()
			b.put(m)
			b.reopen()
			b.verify()
			for _, q := range s.yes {
				in(s.name, q, true)
			}
			for _, q := range s.no {
				in(s.name, q, false)
			}
		}
		b.update(func(tx *Tx) error { return tx.Members.Delete(m, access.EndedRemoved) })
		b.verify()
		for _, q := range []Query{{}, {
			State: access.Suspended,
		}, {Role: access.AILoop}, {Words: "king"}, {Words: "ada@example.com"}} {
			in("deleted", q, false)
		}
		if got := b.found(Query{}); !slices.Equal(got, []string{"alan@example.net"}) {
			t.Errorf("left are %v", got)
		}
	})
}

func TestSearch(t *testing.T) {
	b := openBox(t, "")
	b.put(b.person("ada.lovelace@mail.example.com", "Ada Lovelace"),
		b.person("Grace@Example.com", "Grace Brewster Murray Hopper"),
		b.person("adam+work@example.net", "Ádám O'Brien"), b.person("x_y-z@example.org", ""))
	ada, grace, adam, xyz := "ada.lovelace@mail.example.com", "grace@example.com", "adam+work@example.net",
		"x_y-z@example.org"
	tests := []struct {
		words string
		want  []string
	}{
		{"ada", []string{ada, adam}},
		{"ADA", []string{ada, adam}},
		{"lovel", []string{ada}},
		{"velace", []string{ada}}, // not the start of a word
		{"ve", nil},               // likewise, and too short to be looked for anywhere
		{"example.com", []string{ada, grace}},
		{"mail.example.com", []string{ada}},
		{"example", []string{ada, grace, adam, xyz}},
		{"murray", []string{grace}},
		{"ada lovel", []string{ada}},
		{"ada example.net", []string{adam}},
		{"example.com hop gra", []string{grace}},
		{"ada hopper", nil},
		{"ádám", []string{adam}},
		{"o'br", []string{adam}},
		{"work", []string{adam}},
		{"y", []string{xyz}},
		{"z", []string{xyz}},
		{"Grace@EXAMPLE.com", []string{grace}},
		{" ", []string{ada, grace, adam, xyz}},
		{"Hopper, Grace", []string{grace}},
		{"\x00\xff", nil},
	}
	for _, tt := range tests {
		got := b.found(Query{Words: tt.words})
		slices.Sort(got)
		want := slices.Clone(tt.want)
		if slices.Sort(want); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q finds %v, want %v", tt.words, got, want)
		}
	}
}

// After random changes in random order, the counters and indexes match the records.
func TestRandomChangesVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		rnd := rand.New(rand.NewPCG(1, 2))
		roles := [][]access.RoleName{{access.Fleet}, {access.AILoop}, {access.Admin},
			{access.Fleet, access.AILoop, "Guest"}, nil}
		names := []string{"", "Ada Lovelace", "Grace Hopper", "Ada Ada Adam"}
		var all []access.Member
		for i := range 400 {
			b.forward(time.Duration(rnd.IntN(3)) * time.Hour)
			if len(all) < 5 || rnd.IntN(4) == 0 {
				all = append(all, b.person(nth(i), names[rnd.IntN(len(names))]))
			}
			n := rnd.IntN(len(all))
			m := &all[n]
			switch rnd.IntN(8) {
			case 0:
				m.State = access.Active
			case 1:
				m.State = access.Suspended
			case 2:
				m.Roles = roles[rnd.IntN(len(roles))]
			case 3:
				m.Name = names[rnd.IntN(len(names))]
			case 4:
				m.VerifyEmail(b.now())
			case 5:
				m.ExpireInvitation(b.now())
			case 6:
				m.Remind(b.now())
			case 7:
				b.update(func(tx *Tx) error { return tx.Members.Put(*m) })
				b.update(func(tx *Tx) error { return tx.Members.Delete(*m, access.EndedRemoved) })
				all = slices.Delete(all, n, n+1)
				continue
			}
			b.update(func(tx *Tx) error {
				msg := messageFor(*m, tx.Now)
				msg.State = []access.MessageState{access.MessageQueued, access.MessageHeld, access.MessageSent,
					access.MessageFailed}[i%4]
				return errors.Join(tx.Members.Put(*m), tx.Messages.Post(msg, access.MessageFacts{
					Note: "x",
				}), tx.Record(access.Operator, access.ActionChangeRoles, string(m.ID), ""))
			})
			if i%100 == 50 {
				b.reopen()
				b.verify()
			}
		}
		r := b.verify()
		b.view(func(tx *Tx) error {
			c, err := tx.Counters()
			if kept := len(b.found(Query{})); c.Members() != r.Members || r.Members != kept {
				t.Errorf("counted %d, verified %d, listed %d", c.Members(), r.Members, kept)
			}
			return err
		})
	})
}

// Two members with one address would share every email and every link. The store refuses
// that whatever the verb has checked, also for two at once.
func TestAddressIsHeldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		ada := b.person("ada@example.com", "Ada")
		b.put(ada)
		second, moved := b.person("ADA@example.com", "Eve"), b.person("eve@example.com", "Eve")
		b.put(moved)
		moved.Email = second.Email
		for what, m := range map[string]access.Member{"a second member": second, "one who moves there": moved} {
			err := b.Update(t.Context(), func(tx *Tx) error { return tx.Members.Put(m) })
			if e := access.Explain(err); e.Kind != access.Conflict || e.Code != "address_taken" || e.Field != "email" {
				t.Errorf("%s: %v", what, err)
			}
		}
		b.reopen()
		b.verify()
		b.view(func(tx *Tx) error {
			m, err := tx.Members.ByAddress("ada@example.com")
			if m.ID != ada.ID {
				t.Errorf("the address belongs to %v", m)
			}
			return err
		})

		free := b.person("free@example.com", "")
		const racers = 16
		won := make(chan error, racers)
		for range racers {
			m := free
			m.ID = access.MemberID(access.NewID())
			go func() { won <- b.Update(t.Context(), func(tx *Tx) error { return tx.Members.Put(m) }) }()
		}
		winners := 0
		for range racers {
			switch err := <-won; {
			case err == nil:
				winners++
			case access.Explain(err).Code != "address_taken":
				t.Errorf("a loser was told %v", err)
			}
		}
		if winners != 1 {
			t.Errorf("%d members have one address", winners)
		}
		b.update(func(tx *Tx) error { return tx.Members.Delete(ada, access.EndedRemoved) })
		b.put(second) // it is free again
		if r := b.verify(); r.Members != 3 {
			t.Errorf("verified %d members, want 3", r.Members)
		}
	})
}
