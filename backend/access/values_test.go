package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The times that the documentation and the pages promise.
func TestHowLongThingsLast(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct{ is, want time.Duration }{
		"an invitation":               {DefaultInvitationTTL, 7 * day},
		"the shortest":                {MinInvitationTTL, time.Hour},
		"the longest":                 {MaxInvitationTTL, 30 * day},
		"a pending account":           {PendingTTL, 30 * day},
		"between two digests":         {DigestInterval, 15 * time.Minute},
		"a login link":                {SignInTTL, 15 * time.Minute},
		"one for any browser":         {AnyBrowserLinkTTL, day},
		"one of the shell":            {RescueLinkTTL, 15 * time.Minute},
		"a reminder before the end":   {RemindBefore, day},
		"what a used link offers":     {UsedLinkTTL, 30 * day},
		"a confirmation":              {ConfirmationTTL, 15 * time.Minute},
		"the code of a confirmation":  {ConfirmationCodeTTL, 10 * time.Minute},
		"the days of the longest one": {time.Duration(maxInvitationDays) * day, 30 * day},
	} {
		if tt.is != tt.want {
			t.Errorf("%s lasts %s, want %s", name, tt.is, tt.want)
		}
	}
}

// Who invites is known by id, the owner of a token before the token.
func TestInviters(t *testing.T) {
	member, token := NewID(), NewID()
	for name, tt := range map[string]struct {
		actor Actor
		want  Inviter
	}{
		"a member":    {Actor{Member: MemberID(member), Source: SourceConsole}, Inviter(member)},
		"their token": {Actor{Member: MemberID(member), Token: TokenID(token), Source: SourceAPI}, Inviter(member)},
		"a token":     {Actor{Token: TokenID(token), Source: SourceAPI}, Inviter(token)},
		"Doorward":    {System, bySystem},
		"the shell":   {Operator, byOperator},
	} {
		got := tt.actor.Inviter()
		if got != tt.want {
			t.Errorf("%s invites as %q, want %q", name, got, tt.want)
		}
		if again, err := ParseInviter(string(got)); err != nil || again != got {
			t.Errorf("%s: %q is read as %q, %v", name, got, again, err)
		}
	}
	for _, s := range []string{"", "nobody", "operators", member[1:]} {
		if got, err := ParseInviter(s); err == nil {
			t.Errorf("%q is the inviter %q", s, got)
		}
	}
}

func TestTheStatusOfAMember(t *testing.T) {
	invited, came, handed, expired := somebody(Pending), somebody(Pending), somebody(Pending), somebody(Pending)
	came.EmailVerifiedAt, handed.AcceptedAt, expired.Invitation.Expired = noon, noon, true
	late := came
	late.Invitation.Expired = true
	for name, tt := range map[string]struct {
		member Member
		want   Status
	}{
		"invited":                          {invited, StatusInvited},
		"expired":                          {expired, StatusExpired},
		"came":                             {came, StatusAccepted},
		"came by a link handed over":       {handed, StatusAccepted},
		"came before the invitation's end": {late, StatusAccepted},
		"active":                           {somebody(Active), StatusActive},
		"suspended":                        {somebody(Suspended), StatusSuspended},
	} {
		if got := tt.member.Status(); got != tt.want {
			t.Errorf("%s: the status is %s, want %s", name, got, tt.want)
		}
	}
	c := Counters{Pending: 100, Accepted: 30, Expired: 7, Active: 5, Suspended: 3}
	for status, want := range map[Status]int{StatusInvited: 63, StatusExpired: 7, StatusAccepted: 30, StatusActive: 5,
		StatusSuspended: 3} {
		if got := c.WithStatus(status); got != want {
			t.Errorf("%d members are %s, want %d", got, status, want)
		}
	}
}

func TestSentencesWithANumber(t *testing.T) {
	for n, want := range map[int]string{0: "0 tries are left.", 1: "1 try is left.", 2: "2 tries are left."} {
		if got := Countedf(Invalid, n, "%d try is left.", "%d tries are left.").Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	format, values := Errorf(Invalid, "%d tries.", 2).Sentence()
	if format != "%d tries." || len(values) != 1 || values[0] != 2 {
		t.Errorf("its sentence is %q, %v", format, values)
	}
	format, values = (&Error{Message: "100 % full."}).Sentence() // read from elsewhere
	if format != "%s" || len(values) != 1 || values[0] != "100 % full." {
		t.Errorf("the sentence of another server's error is %q, %v", format, values)
	}
}

func TestLanguagesOfNobody(t *testing.T) {
	if Language("").Or(German) != German || French.Or(German) != French {
		t.Error("the other language counts only where there is none")
	}
	for _, l := range Languages {
		if want := map[bool]string{true: "rtl", false: "ltr"}[l == Arabic]; l.Direction() != want {
			t.Errorf("%s is written %s", l, l.Direction())
		}
	}
}

// After a restore the password is missing: where there is a user, no email can be sent.
func TestUsableMailSettings(t *testing.T) {
	for _, tt := range []struct {
		in     MailSettings
		usable bool
		server string
	}{
		{MailSettings{}, false, ""},
		{MailSettings{HasPassword: true, Port: 25}, false, ""},
		{MailSettings{Host: "mail.example.com", Port: 25}, true, "mail.example.com:25"},
		{MailSettings{Host: "mail.example.com", Port: 25, User: "ann"}, false, "mail.example.com:25"},
		{MailSettings{Host: "::1", Port: 25, User: "ann", HasPassword: true}, true, "[::1]:25"},
	} {
		if tt.in.Usable() != tt.usable || tt.in.Server() != tt.server {
			t.Errorf("%+v: usable %v, server %q", tt.in, tt.in.Usable(), tt.in.Server())
		}
	}
}

// Text, buttons and marks each need their contrast: below it, at it, above it.
func TestTheContrastOfAColour(t *testing.T) {
	at := Measure{Text: TextContrast, Button: TextContrast, Mark: MarkContrast}
	if !at.Passes() {
		t.Error("a colour with just the contrast does not pass")
	}
	for _, below := range []Measure{
		{Text: at.Text - 0.01, Button: 21, Mark: 21},
		{Text: 21, Button: at.Button - 0.01, Mark: 21},
		{Text: 21, Button: 21, Mark: at.Mark - 0.01},
	} {
		if below.Passes() {
			t.Errorf("%+v passes", below)
		}
	}
	// A refusal rounds down: 4.49 is not said to be 4.5.
	for theme, tt := range map[*Theme]struct {
		colour Colour
		says   string
	}{&LightTheme: {"#8a8a8a", "In the light theme"}, &DarkTheme: {"#505050", "In the dark theme"}} {
		err := theme.check("accent", tt.colour)
		m := theme.Measure(tt.colour)
		least := min(m.Text, m.Button)
		for tenths := range 210 {
			figure := fmt.Sprintf("contrast of %d.%d to 1", tenths/10, tenths%10)
			if says := err != nil && strings.Contains(err.Error(), figure); says != (tenths == int(10*least)) {
				t.Errorf("a contrast of %f: %v", least, err)
			}
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%v does not say %q", err, tt.says)
		}
	}
}

// The queue goes by the priorities in this order, and nothing else.
func TestPriorities(t *testing.T) {
	want := []Priority{PriorityAwaited, PriorityRequested, PriorityDecision, PriorityInvitation, PriorityDigest}
	if got := Priorities(); !slices.Equal(got, want) || cap(got) != len(want) {
		t.Errorf("the priorities are %v, want %v", got, want)
	}
	for i, p := range want {
		if int(p) != i+1 || p.IsAwaited() != (i < 2) {
			t.Errorf("priority %d is the %d., and awaited %v", p, i+1, p.IsAwaited())
		}
	}
}

// The content of an email stays until it is sent or will never be; what holds a secret goes
// with a failure as well.
func TestWhichEmailsHaveContent(t *testing.T) {
	for state, want := range map[MessageState][2]bool{ // without a secret, and with one
		MessageQueued: {true, true}, MessageRetrying: {true, true}, MessageHeld: {true, true},
		MessageFailed: {true, false}, MessageSent: {false, false}, MessageWithdrawn: {false, false},
	} {
		plain, secret := Message{Kind: ApprovedMessage, State: state}, Message{Kind: SignInMessage, State: state}
		if plain.HasBody() != want[0] || secret.HasBody() != want[1] {
			t.Errorf("%s: %v, with a secret %v", state, plain.HasBody(), secret.HasBody())
		}
	}
	for stored, want := range map[string]MessageState{"kept": MessageHeld, "held": MessageHeld, "sent": MessageSent} {
		var s MessageState
		if err := s.UnmarshalText([]byte(stored)); err != nil || s != want {
			t.Errorf("the stored state %q is %q, %v", stored, s, err)
		}
	}
}

// Other roles can be undone, the same roles in another order cannot: nothing has changed.
func TestWhichChangesOfRolesCanBeUndone(t *testing.T) {
	by := Actor{Member: "another", Source: SourceConsole, Session: NewSecret().Hash()}
	for name, tt := range map[string]struct {
		roles  []RoleName
		undone bool
	}{
		"one more":         {[]RoleName{Fleet, AILoop, Admin}, true},
		"one less":         {[]RoleName{Fleet}, true},
		"another":          {[]RoleName{Fleet, Admin}, true},
		"the same":         {[]RoleName{Fleet, AILoop}, false},
		"in another order": {[]RoleName{AILoop, Fleet}, false},
	} {
		m := somebody(Active)
		m.Roles = []RoleName{Fleet, AILoop}
		if err := m.ChangeRoles(by, tt.roles, noon); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := m.Undo != nil; got != tt.undone {
			t.Errorf("%s: it can be undone: %v", name, got)
		}
	}
}

func TestNotesAboutMembers(t *testing.T) {
	m := somebody(Active)
	long := strings.Repeat("é", MaxInternalNote)
	if err := m.WriteNote(Actor{Member: m.ID}, "x"); !Forbidden.Is(err) || m.InternalNote != "" {
		t.Errorf("about oneself: %v, %q", err, m.InternalNote)
	}
	if err := m.WriteNote(Actor{Member: "another"}, long); err != nil || m.InternalNote != long {
		t.Errorf("the longest: %v", err)
	}
	if err := m.WriteNote(Actor{Member: "another"}, long+"é"); !Invalid.Is(err) || m.InternalNote != long {
		t.Errorf("a longer one: %v", err)
	}
	if err := m.WriteNote(Operator, ""); err != nil || m.InternalNote != "" {
		t.Errorf("none: %v, %q", err, m.InternalNote)
	}
}

// A time is said in the unit that people say it in.
func TestSpans(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0: "1 minute", 29 * time.Second: "1 minute", time.Minute: "1 minute", 89 * time.Second: "1 minute",
		90 * time.Second: "2 minutes", 59 * time.Minute: "59 minutes", 61 * time.Minute: "61 minutes",
		time.Hour: "1 hour", 119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours",
		47 * time.Hour: "47 hours", 2 * day: "2 days", 30 * day: "30 days",
	} {
		if got := Span(d).String(); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestMethodsOfTheAPI(t *testing.T) {
	for method, want := range map[string]string{MethodDesktop: "desktop", MethodEmail: "email", "link": "link"} {
		if got := MethodName(method); got != want {
			t.Errorf("%s is called %q, want %q", method, got, want)
		}
	}
}
