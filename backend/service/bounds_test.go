package service_test

import (
	"fmt"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// A member opens one session more than the bound. The session that was used least
// recently ends, not the oldest.
func TestMostSessions(t *testing.T) {
	fx := newFixture(t)
	var secrets []access.Secret
	open := func() {
		t.Helper()
		fx.clock.forward(time.Second)
		s := access.NewSecret()
		must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
			m, err := tx.Members.Get(fx.fay.Member)
			if err != nil {
				return err
			}
			if _, err := fx.OpenSession(tx, &m, s, "link", browser("fay")); err != nil {
				return err
			}
			return tx.Members.Put(m)
		}))
		secrets = append(secrets, s)
	}
	listed := func() int {
		t.Helper()
		all, err := fx.Sessions.List(t.Context(), fx.ann, fx.fay.Member)
		must(t, err)
		return len(all)
	}
	for range MaxSessions {
		open()
	}
	if n := listed(); n != MaxSessions {
		t.Fatalf("%d sessions at the bound, want %d", n, MaxSessions)
	}
	fx.clock.forward(access.TouchInterval)
	if _, err := fx.Gate.Principal(t.Context(), secrets[0]); err != nil {
		t.Fatal(err)
	}
	open()
	if n := listed(); n != MaxSessions {
		t.Errorf("%d sessions beyond the bound, want %d", n, MaxSessions)
	}
	for i, s := range secrets {
		if _, err := fx.Gate.Principal(t.Context(), s); access.SignedOut.Is(err) != (i == 1) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	fx.verify()
}

// Strangers have addresses of one IPv6 network by the thousand, so a 64-bit
// network counts as one source. Two such networks are two sources, and so are two
// IPv4 addresses.
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

// A stranger changes between the addresses of one IPv6 network to have emails
// sent to somebody: they get as many as from one address, and no more.
func TestNetworkSharesOneRequestLimit(t *testing.T) {
	fx := newFixture(t)
	ask := func(i int) int {
		b := Browser{Secret: access.Secret(fmt.Sprint("eve ", i)), From: fmt.Sprintf("2001:db8::%x", i+1)}
		must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), b))
		_, err := fx.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(fx.messages(access.SignInMessage))
	}
	for i := range MaxSignInEmails {
		if n := ask(i); n != i+1 {
			t.Errorf("%d emails after %d asks", n, i+1)
		}
	}
	if n := ask(MaxSignInEmails); n != MaxSignInEmails {
		t.Errorf("%d emails beyond the bound, want %d", n, MaxSignInEmails)
	}
}

// A batch of the maximum number of rows is accepted; one row more is refused.
func TestMostRows(t *testing.T) {
	fx := newFixture(t)
	got, err := fx.Invitations.InviteMany(t.Context(), fx.ann, make([]NewInvitation, MaxBatchRows), true)
	if err != nil || len(got) != MaxBatchRows {
		t.Errorf("%d rows at the bound: %v", len(got), err)
	}
	_, err = fx.Invitations.InviteMany(t.Context(), fx.ann, make([]NewInvitation, MaxBatchRows+1), true)
	refused(t, err, access.Invalid, "too_many_rows")
}

// A page of a list has between one item and the maximum; without a number it has
// the default length.
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
	fx := newFixture(t)
	var names []access.RoleName
	for i := range access.MaxRolesHeld + 1 {
		name := access.RoleName(fmt.Sprint("Role ", i))
		must(
			t,
			fx.Roles.Put(t.Context(), access.Operator, access.Role{Name: name, Permissions: access.Grantable()[:1]}),
		)
		names = append(names, name)
	}
	_, err := fx.Members.ChangeRoles(t.Context(), fx.ann, fx.fay.Member, names[:access.MaxRolesHeld])
	must(t, err)
	_, err = fx.Members.ChangeRoles(t.Context(), fx.ann, fx.fay.Member, names)
	refused(t, err, access.Invalid, "too_many_roles")
	// The same role many times over counts once.
	_, err = fx.Members.ChangeRoles(
		t.Context(),
		fx.ann,
		fx.fay.Member,
		append(names[:1:1], names[0], "role 0", names[0]),
	)
	must(t, err)
	if c := fx.memberView(fx.fay.Member); len(c.Roles) != 1 {
		t.Errorf("holds %v", c.Roles)
	}
}

// A worker is handing an email over: it cannot be deleted, since it would go out
// all the same. Once the lease has expired it can.
func TestLeasedMessageStays(t *testing.T) {
	for name, tt := range map[string]struct {
		left time.Duration
		gone bool
	}{"before": {time.Microsecond, false}, "at": {0, true}, "after": {-time.Microsecond, true}} {
		t.Run(name+" the lease's end", func(t *testing.T) {
			fx := newFixture(t)
			fx.invite("ada@example.com")
			m := fx.message(access.InvitationMessage, "ada@example.com")
			m.Lease = access.Lease{Owner: "worker", Epoch: 1, Until: fx.clock.now().Add(tt.left)}
			must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Messages.Put(m) }))
			before := fx.state()
			err := fx.Outbox.Delete(t.Context(), fx.ann, m.ID)
			if tt.gone {
				must(t, err)
				return
			}
			refused(t, err, access.Conflict, "email_being_sent")
			if fx.state() != before {
				t.Error("the refusal changed something")
			}
		})
	}
}

// The email to somebody who was rejected is the only record of their address. It
// must not wait for a mail server for ever.
func TestRejectionMessageExpires(t *testing.T) {
	fx := newFixture(t, withoutMail)
	id := fx.waiting("ada@example.com").Member.ID
	must(t, fx.Members.Reject(t.Context(), fx.ann, id, "Not this time.", true))
	m := fx.message(access.RejectedMessage, "ada@example.com")
	if !m.ExpiresAt.Equal(fx.clock.now().Add(RejectionTTL)) {
		t.Errorf("it is good until %v", m.ExpiresAt)
	}
	for _, tt := range []struct {
		forward  time.Duration
		messages int
	}{{RejectionTTL - time.Microsecond, 1}, {time.Microsecond, 0}} {
		fx.clock.forward(tt.forward)
		fx.sweep()
		if n := len(fx.messages(access.RejectedMessage)); n != tt.messages {
			t.Errorf("after %v more there are %d, want %d", tt.forward, n, tt.messages)
		}
	}
}
