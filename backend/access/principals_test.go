package access

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A member or a token that claims to come from the shell or the window would be the
// operator, who may do anything.
func TestOnlyTheShellIsTheOperator(t *testing.T) {
	for name, tt := range map[string]struct {
		actor            Actor
		operator, system bool
	}{
		"the shell":                {Operator, true, false},
		"the window on the server": {DesktopOperator, true, false},
		"Doorward":                 {System, false, true},
		"nobody":                   {Actor{}, false, false},
		"a member on the shell":    {Actor{Source: SourceCLI, Member: "bob"}, false, false},
		"a token on the shell":     {Actor{Source: SourceCLI, Token: "t"}, false, false},
		"a member in the window":   {Actor{Source: SourceDesktop, Member: "bob"}, false, false},
		"the console":              {Actor{Source: SourceConsole}, false, false},
		"a page":                   {Actor{Source: SourcePortal}, false, false},
		"the API":                  {Actor{Source: SourceAPI}, false, false},
	} {
		if tt.actor.IsOperator() != tt.operator || tt.actor.IsSystem() != tt.system {
			t.Errorf("%s: operator %v, system %v", name, tt.actor.IsOperator(), tt.actor.IsSystem())
		}
		if tt.actor.IsZero() != (name == "nobody") {
			t.Errorf("%s: zero %v", name, tt.actor.IsZero())
		}
	}
}

// An error has its own kind and no other, and keeps its cause for the log.
func TestKindsAreDistinguished(t *testing.T) {
	cause := errors.New("disk")
	err := Errorf(Conflict, "No.").Because(cause)
	for kind, want := range map[Kind]bool{Conflict: true, Forbidden: false, Internal: false} {
		if kind.Is(err) != want {
			t.Errorf("%s.Is(a conflict) = %v", kind, !want)
		}
	}
	if Conflict.Is(cause) || Conflict.Is(nil) {
		t.Error("an error without a kind is a conflict")
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is gone")
	}
}

// Only an active Admin counts as the last Admin.
func TestIsAdmin(t *testing.T) {
	for _, state := range []State{Pending, Active, Suspended} {
		for role, admin := range map[RoleName]bool{Admin: true, Fleet: false} {
			m := somebody(state)
			m.Roles = []RoleName{role}
			if want := state == Active && admin; m.IsAdmin() != want {
				t.Errorf("%s with %s: %v", state, role, !want)
			}
		}
	}
}

// There are three built-in roles, and each opens its own section and nothing else.
func TestBuiltInRoles(t *testing.T) {
	for _, r := range BuiltIn() {
		if !r.Name.IsBuiltIn() {
			t.Errorf("%s is not built in", r.Name)
		}
		for _, g := range Grantable() {
			opens := strings.HasPrefix(string(g.Resource), strings.ToLower(string(r.Name)))
			want := r.Name == Admin || opens && g.Action == Open
			got := false
			for _, p := range r.Permissions {
				got = got || p == g
			}
			if got != want {
				t.Errorf("%s may %s: %v", r.Name, g, got)
			}
		}
	}
	if RoleName("Ops").IsBuiltIn() || RoleName("").IsBuiltIn() {
		t.Error("a role of one's own is built in")
	}
	if got := RoleNames([]RoleName{Admin, Fleet}); got != "Admin, Fleet" {
		t.Errorf("RoleNames = %q", got)
	}
}

// A decision about an account is stored with it: by whom, and when.
func TestDecisionsAreKept(t *testing.T) {
	m := somebody(Pending)
	if err := m.Approve(ann, nil, noon); err != nil || len(m.Roles) != 1 || m.Decision != (Decision{ann, noon}) {
		t.Errorf("approved: %v, %+v", err, m)
	}
	later := noon.Add(time.Hour)
	if err := m.Suspend(ann, later); err != nil || m.LastStatusChange != (Decision{ann, later}) ||
		!m.SetBack.Equal(later) {
		t.Errorf("suspended: %v, %+v", err, m)
	}
	later = later.Add(time.Hour)
	if err := m.Unsuspend(ann, later); err != nil || m.LastStatusChange != (Decision{ann, later}) {
		t.Errorf("restored: %v, %+v", err, m)
	}
}

// An invitation gets one reminder, in its last day, if it lasts two days or more.
func TestWhichInvitationsAreRemindedOf(t *testing.T) {
	for lasts, want := range map[time.Duration]bool{
		2*RemindBefore - time.Second: false,
		2 * RemindBefore:             true,
		2*RemindBefore + time.Second: true,
	} {
		m := somebody(Pending)
		m.Invitation.TTL, m.Invitation.ExpiresAt = Seconds(lasts), noon.Add(lasts)
		start := m.Invitation.ExpiresAt.Add(-RemindBefore)
		if m.Remind(start.Add(-1)) {
			t.Errorf("%s: reminded too early", lasts)
		}
		if got := m.Remind(start); got != want {
			t.Errorf("%s: reminded %v", lasts, got)
		}
		if m.Remind(start) {
			t.Errorf("%s: reminded twice", lasts)
		}
	}
}

// An email that is sent or has failed has no lease and is not tried again.
func TestMessageIsDone(t *testing.T) {
	for state, end := range map[MessageState]func(m *Message){
		MessageSent:     func(m *Message) { m.Sent("250 ok", noon) },
		MessageFailed:   func(m *Message) { m.Failed("550 no", noon) },
		MessageRetrying: func(m *Message) { m.Retry("451 later", 0, noon) },
	} {
		m := Message{State: MessageQueued, NextTry: noon, Lease: Lease{Owner: "w", Epoch: 4, Until: noon}}
		end(&m)
		if m.State != state || m.Done() != (state != MessageRetrying) || m.Lease != (Lease{
			Epoch: 4,
		}) || !m.At.Equal(noon) {
			t.Errorf("%s: %+v", state, m)
		}
		if m.NextTry.IsZero() != (state != MessageRetrying) {
			t.Errorf("%s: next try %v", state, m.NextTry)
		}
	}
	// Jitter lengthens the wait by up to half, so that retries do not come in bursts.
	for jitter, want := range map[float64]time.Duration{
		0:   10 * time.Second,
		0.5: 12500 * time.Millisecond,
		1:   15 * time.Second,
	} {
		m := Message{State: MessageQueued}
		if m.Retry("", jitter, noon); !m.NextTry.Equal(noon.Add(want)) {
			t.Errorf("with jitter %v: after %v, want %v", jitter, m.NextTry.Sub(noon), want)
		}
	}
}

// Joining characters hide in names. They are accepted only between letters of a script that
// needs them, and between the parts of one emoji.
func TestJoinersInNames(t *testing.T) {
	for s, want := range map[string]bool{
		"می\u200cخواهم":  true,
		"می\u200c":       false,
		"\u200cمی":       false,
		"a\u200cb":       false,
		"م\u200ca":       false,
		"a\u200cم":       false,
		"क्\u200dष":      true,
		"👩\u200d💻":       true,
		"👩\u200c💻":       false,
		"👩\u200da":       false,
		"a\u200d💻":       false,
		"👩🏽\u200d💻":      true,
		"❤\ufe0f\u200d🔥": true,
		"❤\ufe0f\u200da": false,
	} {
		if err := CheckText("name", s, 20); (err == nil) != want {
			t.Errorf("%+q: %v", s, err)
		}
	}
}

// New ids, secrets and codes are all different.
func TestIdentifiersAreUnique(t *testing.T) {
	ids, secrets := map[string]bool{}, map[Secret]bool{}
	const times = 100
	for range times {
		ids[NewID()] = true
		secrets[NewSecret()] = true
		secrets[NewDesktopSecret()] = true
	}
	if len(ids) != times || len(secrets) != 2*times {
		t.Errorf("%d ids and %d secrets of %d and %d are different", len(ids), len(secrets), times, 2*times)
	}
}
