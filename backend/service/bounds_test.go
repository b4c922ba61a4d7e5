package service_test

import (
	"fmt"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// A member has as many sessions as the bound; the one beyond takes the place of
// the one that was used least lately, not of the oldest.
func TestMostSessions(t *testing.T) {
	o := openOffice(t)
	var secrets []access.Secret
	open := func() {
		t.Helper()
		o.clock.forward(time.Second)
		s := access.NewSecret()
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			m, err := tx.Members.Get(o.fay.Member)
			if err != nil {
				return err
			}
			if _, err := o.OpenSession(tx, &m, s, "link", browser("fay")); err != nil {
				return err
			}
			return tx.Members.Put(m)
		}))
		secrets = append(secrets, s)
	}
	listed := func() int {
		t.Helper()
		all, err := o.Sessions.List(t.Context(), o.ann, o.fay.Member)
		must(t, err)
		return len(all)
	}
	for range MaxSessions {
		open()
	}
	if n := listed(); n != MaxSessions {
		t.Fatalf("%d sessions at the bound, want %d", n, MaxSessions)
	}
	o.clock.forward(access.TouchInterval)
	if _, err := o.Gate.Principal(t.Context(), secrets[0]); err != nil {
		t.Fatal(err)
	}
	open()
	if n := listed(); n != MaxSessions {
		t.Errorf("%d sessions beyond the bound, want %d", n, MaxSessions)
	}
	for i, s := range secrets {
		if _, err := o.Gate.Principal(t.Context(), s); access.SignedOut.Is(err) != (i == 1) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	o.verify()
}

// What strangers have by the thousand is one source: the addresses of one IPv6
// network of 64 bits. Two such networks are two, and so are two IPv4 addresses.
func TestOneSource(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"", "somewhere", false},
	} {
		if same := Network(tt.a) == Network(tt.b); same != tt.same {
			t.Errorf("%q is %q and %q is %q: one source %v", tt.a, Network(tt.a), tt.b, Network(tt.b), same)
		}
	}
}

// A stranger goes from address to address of one IPv6 network to have emails
// sent to somebody: they get as many as from one address, and no more.
func TestANetworkHasOneShareOfAsks(t *testing.T) {
	o := openOffice(t)
	ask := func(i int) int {
		b := Browser{Secret: access.Secret(fmt.Sprint("eve ", i)), From: fmt.Sprintf("2001:db8::%x", i+1)}
		must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), b))
		_, err := o.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(o.letters(access.SignInMessage))
	}
	for i := range MaxSignInEmails {
		if n := ask(i); n != i+1 {
			t.Errorf("%d letters after %d asks", n, i+1)
		}
	}
	if n := ask(MaxSignInEmails); n != MaxSignInEmails {
		t.Errorf("%d letters beyond the bound, want %d", n, MaxSignInEmails)
	}
}

// A batch of as many rows as there can be is looked at; one row more is refused.
func TestMostRows(t *testing.T) {
	o := openOffice(t)
	got, err := o.Invitations.InviteMany(t.Context(), o.ann, make([]NewInvitation, MaxBatchRows), true)
	if err != nil || len(got) != MaxBatchRows {
		t.Errorf("%d rows at the bound: %v", len(got), err)
	}
	_, err = o.Invitations.InviteMany(t.Context(), o.ann, make([]NewInvitation, MaxBatchRows+1), true)
	refused(t, err, access.Invalid, "too_many_rows")
}

// A page of a list has from one item to as many as the bound; none asked for is
// the usual page.
func TestPageLength(t *testing.T) {
	for n, want := range map[int]int{0: 50, 1: 1, MaxItems: MaxItems, -1: 0, MaxItems + 1: 0} {
		got, err := Limit(n)
		if (err == nil) != (want != 0) || err == nil && got != want {
			t.Errorf("Limit(%d) = %d, %v, want %d", n, got, err, want)
		}
	}
}

// A member holds as many roles as the bound, and not one more.
func TestMostRolesHeld(t *testing.T) {
	o := openOffice(t)
	var names []access.RoleName
	for i := range access.MaxRolesHeld + 1 {
		name := access.RoleName(fmt.Sprint("Role ", i))
		must(t, o.Roles.Put(t.Context(), access.Operator, access.Role{Name: name, Permissions: access.Grantable()[:1]}))
		names = append(names, name)
	}
	_, err := o.Members.ChangeRoles(t.Context(), o.ann, o.fay.Member, names[:access.MaxRolesHeld])
	must(t, err)
	_, err = o.Members.ChangeRoles(t.Context(), o.ann, o.fay.Member, names)
	refused(t, err, access.Invalid, "too_many_roles")
	// The same role many times over is one.
	_, err = o.Members.ChangeRoles(t.Context(), o.ann, o.fay.Member, append(names[:1:1], names[0], "role 0", names[0]))
	must(t, err)
	if c := o.card(o.fay.Member); len(c.Roles) != 1 {
		t.Errorf("holds %v", c.Roles)
	}
}

// An email that a worker is handing over just now cannot be deleted: it would go
// out all the same. Once the lease has ended it can.
func TestLeasedLetterStays(t *testing.T) {
	for name, tt := range map[string]struct {
		left time.Duration
		gone bool
	}{"before": {time.Microsecond, false}, "at": {0, true}, "after": {-time.Microsecond, true}} {
		t.Run(name+" the lease's end", func(t *testing.T) {
			o := openOffice(t)
			o.invite("ada@example.com")
			l := o.letter(access.InvitationMessage, "ada@example.com")
			l.Lease = access.Lease{Owner: "worker", Epoch: 1, Until: o.clock.now().Add(tt.left)}
			must(t, o.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Messages.Put(l) }))
			before := o.state()
			err := o.Outbox.Delete(t.Context(), o.ann, l.ID)
			if tt.gone {
				must(t, err)
				return
			}
			refused(t, err, access.Conflict, "letter_taken")
			if o.state() != before {
				t.Error("the refusal changed something")
			}
		})
	}
}

// The email to somebody who was turned away is all that keeps their address. It
// does not wait for a mail server for ever.
func TestLetterOfARejectionExpires(t *testing.T) {
	o := openOffice(t, withoutMail)
	id := o.waiting("ada@example.com").Member.ID
	must(t, o.Members.Reject(t.Context(), o.ann, id, "Not this time.", true))
	l := o.letter(access.RejectedMessage, "ada@example.com")
	if !l.ExpiresAt.Equal(o.clock.now().Add(RejectionTTL)) {
		t.Errorf("it is good until %v", l.ExpiresAt)
	}
	for _, tt := range []struct {
		forward time.Duration
		letters int
	}{{RejectionTTL - time.Microsecond, 1}, {time.Microsecond, 0}} {
		o.clock.forward(tt.forward)
		o.sweep()
		if n := len(o.letters(access.RejectedMessage)); n != tt.letters {
			t.Errorf("after %v more there are %d, want %d", tt.forward, n, tt.letters)
		}
	}
}
