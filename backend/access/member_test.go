package access

import (
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

var (
	ann = Actor{Member: "ann", Source: SourceConsole}
	bob = Actor{Member: "bob", Source: SourceConsole}
)

// somebody is bob in a given state, invited at noon.
func somebody(s State) Member {
	return Member{
		ID:    "bob",
		Email: Address{Typed: "Bob@Example.org", Canonical: "bob@example.org"},
		Name:  "Bob",
		State: s,
		Roles: []RoleName{Fleet},
		Invitation: Invitation{
			By:        ann,
			At:        noon,
			TTL:       Seconds(7 * 24 * time.Hour),
			ExpiresAt: noon.Add(7 * 24 * time.Hour),
		},
	}
}

// check compares an error with the expected sentence, empty for none.
func check(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil && want != "" || err != nil && err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestInvite(t *testing.T) {
	tests := []struct {
		name  string
		roles []RoleName
		lasts time.Duration
		want  string
		until time.Duration
	}{
		{"as usual", []RoleName{Fleet}, 0, "", DefaultInvitationTTL},
		{"the shortest", []RoleName{Fleet}, time.Hour, "", time.Hour},
		{"a second shorter", []RoleName{Fleet}, time.Hour - time.Second,
			"An invitation can last from 1 hour to 30 days.", 0},
		{"the longest", []RoleName{Fleet}, MaxInvitationTTL, "", MaxInvitationTTL},
		{"a second longer", []RoleName{Fleet}, MaxInvitationTTL + time.Second,
			"An invitation can last from 1 hour to 30 days.", 0},
		{"back in time", []RoleName{Fleet}, -time.Hour, "An invitation can last from 1 hour to 30 days.", 0},
		{"without a role", nil, 0, "Choose at least one role for the invitation.", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := NewMember("bob", Address{Typed: "b@x.org"}, "", tt.roles, "", tt.lasts, ann, noon)
			check(t, err, tt.want)
			if err == nil &&
				(m.State != Pending || !m.Invitation.ExpiresAt.Equal(noon.Add(tt.until)) || m.Invitation.By != ann) {
				t.Errorf("made %+v", m)
			}
		})
	}
}

// Every rule, for every state and caller. A refused rule leaves the member unchanged.
func TestMemberRules(t *testing.T) {
	proved := func(m *Member) { m.EmailVerifiedAt = noon }
	approve := func(m *Member, actor Actor) error { return m.Approve(actor, nil, noon) }
	reject := func(m *Member, actor Actor) error { return m.Reject(actor) }
	change := func(m *Member, actor Actor) error { return m.ChangeRoles(actor, []RoleName{AILoop}, noon) }
	suspend := func(m *Member, actor Actor) error { return m.Suspend(actor, noon) }
	restore := func(m *Member, actor Actor) error { return m.Unsuspend(actor, noon) }
	renew := func(m *Member, _ Actor) error { return m.Renew(noon) }
	remove := func(m *Member, actor Actor) error { return m.Remove(actor) }
	tests := []struct {
		name  string
		rule  func(m *Member, actor Actor) error
		state State
		actor Actor
		set   func(*Member)
		want  string
	}{
		{"approve the pending", approve, Pending, ann, nil, ""},
		{"approve by the operator", approve, Pending, Operator, nil, ""},
		{"approve oneself", approve, Pending, bob, nil, "You cannot decide on your own request. Another Admin can."},
		{"approve the active", approve, Active, ann, nil, "This request was already approved."},
		{"approve the suspended", approve, Suspended, ann, nil, "This request was already approved."},
		{"reject the pending", reject, Pending, ann, nil, ""},
		{"reject oneself", reject, Pending, bob, nil, "You cannot decide on your own request. Another Admin can."},
		{"reject the active", reject, Active, ann, nil, "This request was already approved."},
		{"change the active", change, Active, ann, nil, ""},
		{"change the pending", change, Pending, ann, nil, ""},
		{"change oneself", change, Active, bob, nil, "You cannot change your own roles. Another Admin can."},
		{"change to nothing", func(m *Member, actor Actor) error {
			return m.ChangeRoles(actor, nil, noon)
		}, Active, ann, nil, "Choose at least one role. To keep Bob out, suspend or remove them."},
		{"suspend the active", suspend, Active, ann, nil, ""},
		{"suspend oneself", suspend, Active, bob, nil, "You cannot suspend yourself. Another Admin can."},
		{"suspend the pending", suspend, Pending, ann, nil,
			"Bob is still waiting for a decision. Approve or reject the request instead."},
		{"suspend the suspended", suspend, Suspended, ann, nil, "Bob is already suspended."},
		{"restore the suspended", restore, Suspended, ann, nil, ""},
		{"restore oneself", restore, Suspended, bob, nil, "You cannot restore yourself. Another Admin can."},
		{"restore the active", restore, Active, ann, nil, "Bob is not suspended."},
		{"restore the pending", restore, Pending, ann, nil, "Bob is not suspended."},
		{"renew the pending", renew, Pending, ann, nil, ""},
		{"renew the proved", renew, Pending, ann, proved,
			"Bob@Example.org has already accepted the invitation. They can request a link on the sign-in page."},
		{"renew the active", renew, Active, ann, nil,
			"Bob@Example.org was already approved. They can request a link on the sign-in page."},
		{"remove anybody", remove, Suspended, ann, nil, ""},
		{"remove oneself", remove, Active, bob, nil, "You cannot remove yourself. Another Admin can."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := somebody(tt.state)
			if tt.set != nil {
				tt.set(&m)
			}
			before := m
			err := tt.rule(&m, tt.actor)
			check(t, err, tt.want)
			if err != nil && !reflect.DeepEqual(m, before) {
				t.Errorf("a refusal changed the member: %+v", m)
			}
		})
	}
}

// The effect of each rule that succeeds.
func TestMemberAfterwards(t *testing.T) {
	later := noon.Add(time.Hour)
	m := somebody(Pending)
	if err := m.Approve(ann, []RoleName{AILoop}, later); err != nil || m.State != Active || !m.Has(AILoop) ||
		m.Has(Fleet) || m.Decision != (Decision{
		By: ann,
		At: later,
	}) || m.PermissionRevision != 1 {
		t.Errorf("approved: %+v, %v", m, err)
	}
	if err := m.ChangeRoles(ann, []RoleName{AILoop, Fleet}, later); err != nil || m.PermissionRevision != 2 ||
		!m.SetBack.IsZero() {
		t.Errorf("given more: %+v, %v", m, err)
	}
	if err := m.ChangeRoles(ann, []RoleName{Fleet}, later); err != nil || m.PermissionRevision != 2 ||
		!m.SetBack.Equal(later) {
		t.Errorf("given less: %+v, %v", m, err)
	}
	if err := m.Suspend(ann, later); err != nil || m.State != Suspended || m.Epoch != 1 || m.IsAdmin() {
		t.Errorf("suspended: %+v, %v", m, err)
	}
	if err := m.Unsuspend(ann, noon.Add(time.Hour)); err != nil || m.State != Active || m.Epoch != 1 ||
		m.PermissionRevision != 3 {
		t.Errorf("restored: %+v, %v", m, err)
	}
	p := somebody(Pending)
	p.Invitation.Expired, p.Invitation.Reminded = true, true
	if err := p.Renew(later); err != nil || p.Invitation.Expired || p.Invitation.Reminded ||
		!p.Invitation.ExpiresAt.Equal(later.Add(7*24*time.Hour)) {
		t.Errorf("renewed: %+v, %v", p, err)
	}
	if !p.VerifyEmail(later) || p.VerifyEmail(later.Add(time.Hour)) || !p.EmailVerifiedAt.Equal(later) {
		t.Errorf("proved: %+v", p)
	}
}

// What happens to a pending member automatically, to the second.
func TestMemberFallsDue(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name        string
		set         func(*Member)
		at          time.Duration
		remind, end bool
		next        time.Duration // after the action; from noon
	}{
		{"a second before the last day", nil, 6*day - time.Second, false, false, 6 * day},
		{"as the last day begins", nil, 6 * day, true, false, 7 * day},
		{"reminded already", func(m *Member) { m.Invitation.Reminded = true }, 6 * day, false, false, 7 * day},
		{"a second before the end", nil, 7*day - time.Second, true, false, 7 * day},
		{"at the end", nil, 7 * day, false, true, 30 * day},
		{"proved before the end", func(m *Member) {
			m.EmailVerifiedAt = noon.Add(6 * day)
		}, 7 * day, false, false, 36 * day},
		{"too short to remind", func(m *Member) {
			m.Invitation.TTL, m.Invitation.ExpiresAt = Seconds(day), noon.Add(day)
		}, 0, false, false, day},
		{"renewed past 30 days", func(m *Member) {
			m.Invitation.ExpiresAt = noon.Add(33 * day)
			m.Invitation.Expired = true
		}, 33 * day, false, false, 33 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := somebody(Pending)
			if tt.set != nil {
				tt.set(&m)
			}
			now := noon.Add(tt.at)
			if got := m.Remind(now); got != tt.remind {
				t.Errorf("Remind = %v", got)
			}
			if got := m.ExpireInvitation(now); got != tt.end {
				t.Errorf("EndInvitation = %v", got)
			}
			if got := m.NextDue(); !got.Equal(noon.Add(tt.next)) {
				t.Errorf("NextDue = %s after noon, want %s", got.Sub(noon), tt.next)
			}
		})
	}
	for _, s := range []State{Active, Suspended} {
		if m := somebody(s); !m.NextDue().IsZero() || m.Remind(noon.Add(6*day)) || m.ExpireInvitation(noon.Add(8*day)) {
			t.Errorf("something falls due for the %s", s)
		}
	}
}

func TestParseState(t *testing.T) {
	for _, s := range []State{Pending, Active, Suspended} {
		if got, err := ParseState(string(s)); got != s || err != nil {
			t.Errorf("ParseState(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "Active", "approved", "pending "} {
		if _, err := ParseState(s); !Invalid.Is(err) {
			t.Errorf("ParseState(%q) = %v", s, err)
		}
	}
}
