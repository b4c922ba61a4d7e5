package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLoginCheck(t *testing.T) {
	here, there := Secret("here").Hash(), Secret("there").Hash()
	dead, other := LinkExpired().Error(), WrongBrowser().Error()
	tests := []struct {
		name    string
		login   LoginLink
		browser SecretHash
		at      time.Duration // relative to its expiry
		want    string
	}{
		{"good", LoginLink{}, SecretHash{}, -time.Hour, ""},
		{"a second before its end", LoginLink{}, here, -time.Second, ""},
		{"at its end", LoginLink{}, here, 0, dead},
		{"a second after its end", LoginLink{}, here, time.Second, dead},
		{"used", LoginLink{UsedAt: noon}, here, -time.Hour, dead},
		{"revoked", LoginLink{Revoked: true}, here, -time.Hour, dead},
		{"in the browser that asked", LoginLink{Browser: here}, here, -time.Second, ""},
		{"in another browser", LoginLink{Browser: here}, there, -time.Second, other},
		{"in a browser without a cookie", LoginLink{Browser: here}, SecretHash{}, -time.Second, other},
		{"used, in another browser", LoginLink{Browser: here, UsedAt: noon}, there, -time.Second, dead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.login.ExpiresAt = noon
			check(t, tt.login.Check(tt.browser, noon.Add(tt.at)), tt.want)
		})
	}
}

func TestAskGuess(t *testing.T) {
	right, wrong := Secret("482913").Hash(), Secret("000000").Hash()
	tests := []struct {
		name    string
		ask     SignInRequest
		guess   SecretHash
		at      time.Duration
		refused bool
	}{
		{"right", SignInRequest{Code: right}, right, -time.Second, false},
		{"wrong", SignInRequest{Code: right}, wrong, -time.Second, true},
		{"right at the fifth", SignInRequest{Code: right, Attempts: MaxCodeAttempts - 1}, right, -time.Second, false},
		{"right at the sixth", SignInRequest{Code: right, Attempts: MaxCodeAttempts}, right, -time.Second, true},
		{"right at its end", SignInRequest{Code: right}, right, 0, true},
		{"nothing to guess", SignInRequest{}, SecretHash{}, -time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.ask.ExpiresAt = noon
			guesses := tt.ask.Attempts
			err := tt.ask.CheckCode(tt.guess, noon.Add(tt.at))
			if (err != nil) != tt.refused || err != nil && err.Error() != WrongCode().Error() {
				t.Errorf("Guess = %v", err)
			}
			if tt.ask.Attempts != guesses+1 {
				t.Error("the guess was not counted")
			}
		})
	}
}

func TestSessionGood(t *testing.T) {
	tests := []struct {
		name         string
		manages      bool
		opened, seen time.Duration // before now
		want         bool
	}{
		{"an Admin, just used", true, time.Hour, 0, true},
		{"an Admin, a second before idle", true, time.Hour, AdminIdleTTL - time.Second, true},
		{"an Admin, idle", true, time.Hour, AdminIdleTTL, false},
		{"an Admin, a second before the limit", true, AdminSessionTTL - time.Second, 0, true},
		{"an Admin, at the limit", true, AdminSessionTTL, 0, false},
		{"a member, idle as an Admin", false, time.Hour, AdminIdleTTL, true},
		{"a member, a second before idle", false, MemberIdleTTL, MemberIdleTTL - time.Second, true},
		{"a member, idle", false, MemberIdleTTL, MemberIdleTTL, false},
		{"a member, a second before the limit", false, MemberSessionTTL - time.Second, 0, true},
		{"a member, at the limit", false, MemberSessionTTL, 0, false},
		{"opened by a clock a little ahead", false, -ClockSlack, -ClockSlack, true},
		{"opened by a clock that was ten years ahead", false, -3650 * 24 * time.Hour, 0, false},
		{"opened in the future by a second too much", false, -ClockSlack - time.Second, 0, false},
		{"seen by a clock that was ahead", true, time.Hour, -ClockSlack - time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opened := Session{OpenedAt: noon.Add(-tt.opened), SeenAt: noon.Add(-tt.seen)}
			if got := opened.IsValid(nil, tt.manages, noon); got != tt.want {
				t.Errorf("Good = %v", got)
			}
		})
	}
}

func TestTokenGood(t *testing.T) {
	tok := Token{ExpiresAt: noon}
	if !tok.IsValid(noon.Add(-time.Second)) || tok.IsValid(noon) || tok.IsValid(noon.Add(time.Second)) {
		t.Error("a token is good until its end, and not at it")
	}
	ahead := Token{CreatedAt: noon.Add(ClockSlack)}
	if !ahead.IsValid(noon) || ahead.IsValid(noon.Add(-time.Second)) {
		t.Error("a token is made by a clock a little ahead, or it is not good")
	}
	if forever := (Token{}); !forever.IsValid(noon) {
		t.Error("a token without an end has ended")
	}
}

func TestMessageRequeue(t *testing.T) {
	tests := []struct {
		name    string
		message Message
		want    string
	}{
		{"retrying", Message{
			State:     MessageRetrying,
			Kind:      InvitationMessage,
			ExpiresAt: noon.Add(time.Second),
		}, "email"},
		{"kept", Message{State: MessageHeld, Kind: InvitationMessage}, "email"},
		{"failed, with nothing secret", Message{State: MessageFailed, Kind: ApprovedMessage}, "email"},
		{"failed, with a link", Message{State: MessageFailed, Kind: SignInMessage}, "email_link_gone"},
		{"sent", Message{State: MessageSent, Kind: ApprovedMessage}, "already_sent"},
		{"expired just now", Message{State: MessageRetrying, ExpiresAt: noon}, "email_expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.message
			err := m.Requeue(noon)
			switch {
			case tt.want == "email":
				if err != nil || m.State != MessageQueued || !m.NextTry.Equal(noon) {
					t.Errorf("Requeue = %v, %+v", err, m)
				}
			case err == nil || Explain(err).Code != tt.want || m != tt.message:
				t.Errorf("Requeue = %v, left %+v", err, m)
			}
		})
	}
}

// Each wait is longer than the one before, up to the last. An email whose content expires
// before the next attempt fails.
func TestMessageRetry(t *testing.T) {
	m := Message{State: MessageQueued, Lease: Lease{Owner: "w", Epoch: 4, Until: noon}}
	for i, want := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 2 * time.Hour} {
		m.Retry("451 later", 0, noon)
		if m.State != MessageRetrying || !m.NextTry.Equal(noon.Add(want)) || m.Attempts != i+1 ||
			m.Detail != "451 later" || m.Lease != (Lease{
			Epoch: 4,
		}) {
			t.Errorf("try %d: %+v", i+1, m)
		}
	}
	m.Retry("451 later", 0.999, noon)
	if m.NextTry.Before(noon.Add(2*time.Hour)) || !m.NextTry.Before(noon.Add(3*time.Hour)) {
		t.Errorf("with jitter: %s", m.NextTry)
	}
	m.ExpiresAt = noon.Add(2 * time.Hour)
	if m.Retry("451 later", 0, noon); m.State != MessageFailed || !m.NextTry.IsZero() {
		t.Errorf("at its end: %+v", m)
	}
}

func TestCheckRole(t *testing.T) {
	some := []Permission{May(Open, ResFleet)}
	tests := []struct {
		name string
		role Role
		code string
	}{
		{"good", Role{Name: "Fleet lead-2", Permissions: some}, ""},
		{"built in", Role{Name: Admin, Permissions: some}, "built_in_role"},
		{"built in, in another case", Role{Name: "aDMIN", Permissions: some}, "built_in_role"},
		{"no name", Role{Permissions: some}, "role_name"},
		{"a comma", Role{Name: "a,b", Permissions: some}, "role_name"},
		{"a space at the end", Role{Name: "a ", Permissions: some}, "role_name"},
		{"a digit first", Role{Name: "1a", Permissions: some}, "role_name"},
		{"41 letters", Role{Name: RoleName(strings.Repeat("a", 41)), Permissions: some}, "role_name"},
		{"a look-alike letter", Role{Name: "\u0410dmin", Permissions: some}, "role_name"},
		{"the star", Role{Name: "*", Permissions: some}, "role_name"},
		{"no permission", Role{Name: "a"}, "permission_missing"},
		{"one nobody can grant", Role{
			Name:        "a",
			Permissions: []Permission{May(Wait, ResPortal)},
		}, "unknown_permission"},
		{"a long description", Role{
			Name:        "a",
			Permissions: some,
			Description: strings.Repeat("a", 201),
		}, "text_too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckRole(tt.role); (err == nil) != (tt.code == "") || err != nil && Explain(err).
				Code != tt.code {
				t.Errorf("CheckRole = %v", err)
			}
		})
	}
}

// An attacker changes a field of an entry, or moves the entry. The hash covers both.
func TestAuditChain(t *testing.T) {
	chained := func() AuditEntry {
		e := AuditEntry{At: noon, Actor: ann, Action: ActionApprove, Target: "bob", Detail: "Fleet", Machine: "one"}
		e.Chain(8, "before")
		return e
	}
	good := chained()
	if err := good.Follows(7, "before"); err != nil {
		t.Fatal(err)
	}
	var back AuditEntry
	text, _ := json.Marshal(good)
	if err := json.Unmarshal(text, &back); err != nil || back.Sum() != good.Hash {
		t.Errorf("read back it sums to %s, %v", back.Sum(), err)
	}
	for name, alter := range map[string]func(*AuditEntry){
		"when": func(e *AuditEntry) {
			e.At = e.At.Add(time.Microsecond)
		}, "who": func(e *AuditEntry) { e.Actor.Member = "eve" },
		"from where": func(e *AuditEntry) {
			e.Actor.From = "x"
		}, "what": func(e *AuditEntry) { e.Action = ActionReject },
		"whom": func(e *AuditEntry) { e.Target = "eve" }, "how": func(e *AuditEntry) { e.Detail = "" },
		"on which machine": func(e *AuditEntry) { e.Machine = "two" },
		"the hash": func(e *AuditEntry) {
			e.Hash = ""
		}, "the one before": func(e *AuditEntry) { e.Prev = "x"; e.Hash = e.Sum() },
		"the place": func(e *AuditEntry) { e.Seq = 9; e.Hash = e.Sum() },
	} {
		e := chained()
		if alter(&e); !Conflict.Is(e.Follows(7, "before")) {
			t.Errorf("altered %s: not found", name)
		}
	}
}

// A log that was written before entries named machines stays sound.
func TestAnEntryWithoutAMachineHasTheHashOfBefore(t *testing.T) {
	const before = "b66f34903fb20ff6782f9e39268c483c3ed5c7d28604b3404ef7508e9a252799"
	e := AuditEntry{Seq: 8, At: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), Actor: Operator, Action: ActionApprove,
		Target: "bob", Detail: "Fleet", Prev: "before"}
	if got := e.Sum(); got != before {
		t.Errorf("its hash is %s", got)
	}
}

func TestExplain(t *testing.T) {
	cause := errors.New("open /secret/path: denied")
	tests := []struct {
		name string
		err  error
		kind Kind
		code string
	}{
		{"ours", cause, Internal, "internal"},
		{"without a kind", &Error{Message: "secret"}, Internal, "internal"},
		{"internal", Errorf(Internal, "secret"), Internal, "internal"},
		{"explained", Errorf(Conflict, "Somebody was first."), Conflict, "conflict"},
		{"with a code, wrapped", fmt.Errorf("do: %w", Errorf(Invalid, "No.").WithCode("nope").On("x").Because(cause)),
			Invalid, "nope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Explain(tt.err)
			if e.Kind != tt.kind || e.Code != tt.code || strings.Contains(e.Message, "secret") || e.Err != nil {
				t.Errorf("Explain = %+v", e)
			}
		})
	}
}

// Secrets are not printed by accident, and identifiers are parsed strictly.
func TestSecretsAndIdentifiers(t *testing.T) {
	s := NewSecret()
	if len(s) != SecretLength || s == NewSecret() {
		t.Error("a secret is short, or comes twice")
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s),
		fmt.Sprintf("%+v", struct{ S Secret }{s})} {
		if strings.Contains(shown, s.Reveal()) {
			t.Errorf("shown as %s", shown)
		}
	}
	text, _ := s.Hash().MarshalText()
	var back SecretHash
	if err := back.UnmarshalText(text); err != nil || back != s.Hash() || back.IsZero() || !(SecretHash{}).IsZero() {
		t.Errorf("the hash reads back as %v, %v", back, err)
	}
	for _, bad := range []string{"", "00", string(text) + "00", string(text[:62]) + "xy"} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q was taken as a hash", bad)
		}
	}
	id := NewID()
	if got, err := ParseMemberID(id); string(got) != id || err != nil {
		t.Errorf("ParseMemberID = %q, %v", got, err)
	}
	for _, bad := range []string{"", id[1:], id + "a", strings.ToUpper(id), id[:25] + "/", id[:25] + "1", id[:25] +
		"\x00"} {
		_, a := ParseMemberID(bad)
		_, b := ParseMessageID(bad)
		_, c := ParseTokenID(bad)
		if !NotFound.Is(a) || !NotFound.Is(b) || !NotFound.Is(c) {
			t.Errorf("%q was taken as an identifier", bad)
		}
	}
}

// A link made while the clock was ten years ahead would be valid for ten years once the
// clock is right.
func TestLinkFromTheFutureIsDead(t *testing.T) {
	for ahead, dead := range map[time.Duration]bool{
		0:                        false,
		ClockSlack:               false,
		ClockSlack + time.Second: true,
		3650 * 24 * time.Hour:    true,
	} {
		l := LoginLink{CreatedAt: noon.Add(ahead), ExpiresAt: noon.Add(ahead + time.Hour)}
		if err := l.Check(SecretHash{}, noon); (err != nil) != dead {
			t.Errorf("%v ahead: %v", ahead, err)
		}
	}
}
