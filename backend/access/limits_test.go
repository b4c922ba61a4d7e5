package access

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// moments are the three times at which something that expires is checked.
func moments(end time.Time) map[string]struct {
	now  time.Time
	good bool
} {
	return map[string]struct {
		now  time.Time
		good bool
	}{
		"before": {end.Add(-time.Microsecond), true},
		"at":     {end, false},
		"after":  {end.Add(time.Microsecond), false},
	}
}

// Something is still accepted at the very moment it expires. Everything with an end is
// valid before that moment and invalid from it on.
func TestWhatExpiresBeforeAtAfter(t *testing.T) {
	m := somebody(Active)
	m.SetBack = noon.Add(-time.Hour)
	confirmed := Session{}
	confirmed.Confirm(&m, "link", noon)
	code := SecretHash{1}
	type use func(now time.Time) error
	good := func(ok bool) error {
		if ok {
			return nil
		}
		return ErrUnknownCode
	}
	for name, tt := range map[string]struct {
		end time.Time
		use use
	}{
		"a login link": {noon.Add(SignInTTL), func(now time.Time) error {
			l := LoginLink{CreatedAt: noon, ExpiresAt: noon.Add(SignInTTL)}
			return l.Check(SecretHash{}, now)
		}},
		"a login code": {noon.Add(SignInTTL), func(now time.Time) error {
			a := SignInRequest{Code: code, ExpiresAt: noon.Add(SignInTTL)}
			return a.CheckCode(code, now)
		}},
		"a confirmation": {noon.Add(ConfirmationTTL), func(now time.Time) error {
			return good(!confirmed.ConfirmedUntil(&m, now).IsZero())
		}},
		"a confirmation code": {noon.Add(ConfirmationCodeTTL), func(now time.Time) error {
			opened := Session{Code: ConfirmationCode{Hash: code, ExpiresAt: noon.Add(ConfirmationCodeTTL)}}
			return opened.CheckCode(code, now)
		}},
		"a session without use": {noon.Add(MemberIdleTTL), func(now time.Time) error {
			opened := Session{OpenedAt: noon, SeenAt: noon}
			return good(opened.IsValid(nil, false, now))
		}},
		"a session in use": {noon.Add(MemberSessionTTL), func(now time.Time) error {
			opened := Session{OpenedAt: noon, SeenAt: now}
			return good(opened.IsValid(nil, false, now))
		}},
		"a manager's session without use": {noon.Add(AdminIdleTTL), func(now time.Time) error {
			opened := Session{OpenedAt: noon, SeenAt: noon}
			return good(opened.IsValid(nil, true, now))
		}},
		"a manager's session in use": {noon.Add(AdminSessionTTL), func(now time.Time) error {
			opened := Session{OpenedAt: noon, SeenAt: now}
			return good(opened.IsValid(nil, true, now))
		}},
		"a manager's window in use": {noon.Add(MemberSessionTTL), func(now time.Time) error {
			opened := Session{OpenedAt: noon, SeenAt: now, Method: MethodDesktop}
			return good(opened.IsValid(nil, true, now))
		}},
		"a token": {noon.Add(time.Hour), func(now time.Time) error {
			tok := Token{CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
			return good(tok.IsValid(now))
		}},
		"an invitation": {noon.Add(DefaultInvitationTTL), func(now time.Time) error {
			m := somebody(Pending)
			return good(!m.ExpireInvitation(now))
		}},
		"what an email says": {noon.Add(time.Hour), func(now time.Time) error {
			m := Message{State: MessageHeld, ExpiresAt: noon.Add(time.Hour)}
			return m.Requeue(now)
		}},
	} {
		for when, at := range moments(tt.end) {
			if err := tt.use(at.now); (err == nil) != at.good {
				t.Errorf("%s, %s its end: %v", name, when, err)
			}
		}
	}
}

// A confirmation is used after the member's permissions changed, or after the clock was set
// back. It is valid only for the permissions that the member had when confirming.
func TestWhatAConfirmationCountsFor(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(opened *Session, m *Member)
		now    time.Time
		counts bool
	}{
		"as it was": {func(*Session, *Member) {}, noon, true},
		"never confirmed": {func(opened *Session, _ *Member) {
			opened.Confirmation = Confirmation{}
		}, noon, false},
		"more permissions since":      {func(_ *Session, m *Member) { m.PermissionRevision++ }, noon, false},
		"access became less before":   {func(_ *Session, m *Member) { m.SetBack = noon.Add(-1) }, noon, true},
		"access became less then":     {func(_ *Session, m *Member) { m.SetBack = noon }, noon, false},
		"access became less after it": {func(_ *Session, m *Member) { m.SetBack = noon.Add(1) }, noon, false},
		"the clock was set back":      {func(*Session, *Member) {}, noon.Add(-1), false},
	} {
		m := somebody(Active)
		opened := Session{Code: ConfirmationCode{Hash: SecretHash{1}}}
		opened.Confirm(&m, "link", noon)
		if !opened.Code.Hash.IsZero() {
			t.Errorf("%s: the code that waited is still good", name)
		}
		tt.change(&opened, &m)
		until := opened.ConfirmedUntil(&m, tt.now)
		if tt.counts != until.Equal(noon.Add(ConfirmationTTL)) || tt.counts == until.IsZero() {
			t.Errorf("%s: confirmed until %v, want %v", name, until, tt.counts)
		}
	}
}

// An attacker guesses the confirmation code. After five wrong codes for one email even the
// right one is refused.
func TestConfirmationTries(t *testing.T) {
	right, wrong := SecretHash{1}, SecretHash{2}
	for _, n := range []int{0, maxConfirmAttempts - 1, maxConfirmAttempts} {
		opened := Session{Code: ConfirmationCode{Hash: right, ExpiresAt: noon.Add(time.Minute)}}
		for range n {
			if opened.CheckCode(wrong, noon) == nil {
				t.Fatal("a wrong code was taken")
			}
		}
		if opened.Code.Attempts != n {
			t.Errorf("%d wrong codes were counted as %d", n, opened.Code.Attempts)
		}
		if err := opened.CheckCode(right, noon); (err == nil) != (n < maxConfirmAttempts) {
			t.Errorf("the right code after %d wrong ones: %v", n, err)
		}
	}
	if (&Session{Code: ConfirmationCode{ExpiresAt: noon.Add(time.Minute)}}).CheckCode(SecretHash{}, noon) == nil {
		t.Error("no code was taken where none was sent")
	}
}

// Every limit that somebody can set or reach: n is accepted, n+1 is refused.
func TestBoundsAtAndBeyond(t *testing.T) {
	role := func(name string) error {
		return CheckRole(Role{Name: RoleName(name), Permissions: Grantable()[:1]})
	}
	settings := func(workspace string, lasts time.Duration) error {
		return Settings{Workspace: workspace, InvitationTTL: Seconds(lasts)}.Check()
	}
	var usual Lifetimes
	marks := func(n int, mark string) error { return CheckText("name", "a"+strings.Repeat(mark, n), 100) }
	code := func(n int) error {
		if _, ok := ParseCode("K7PQ3XMD" + strings.Repeat(" ", n-CodeLength)); !ok {
			return MalformedCode()
		}
		return nil
	}
	for name, tt := range map[string]struct{ at, beyond error }{
		"the shortest token":      {usual.CheckTokenTTL(MinTokenTTL), usual.CheckTokenTTL(MinTokenTTL - 1)},
		"the longest token":       {usual.CheckTokenTTL(MaxTokenTTL), usual.CheckTokenTTL(MaxTokenTTL + 1)},
		"the shortest invitation": {settings("W", MinInvitationTTL), settings("W", MinInvitationTTL-time.Second)},
		"the longest invitation":  {settings("W", MaxInvitationTTL), settings("W", MaxInvitationTTL+time.Second)},
		"the shortest workspace":  {settings("W", MinInvitationTTL), settings("", MinInvitationTTL)},
		"the longest workspace": {settings(strings.Repeat("W", 60), MinInvitationTTL),
			settings(strings.Repeat("W", 61), MinInvitationTTL)},
		"the shortest role name": {role("a"), role("")},
		"the longest role name":  {role(strings.Repeat("a", 40)), role(strings.Repeat("a", 41))},
		"text": {CheckText("name", strings.Repeat("é", 5), 5),
			CheckText("name", strings.Repeat("é", 6), 5)},
		"marks on a letter":         {marks(maxMarks, "\u0e34"), marks(maxMarks+1, "\u0e34")},
		"foreign marks on a letter": {marks(maxForeign, "\u0301"), marks(maxForeign+1, "\u0301")},
		"what is read of a code":    {code(maxCodeText), code(maxCodeText + 1)},
	} {
		if tt.at != nil {
			t.Errorf("%s, at the bound: %v", name, tt.at)
		}
		if tt.beyond == nil {
			t.Errorf("%s, beyond the bound: taken", name)
		}
	}
	if got := Shorten("abc", 3); got != "abc" {
		t.Errorf("Shorten cut what fits: %q", got)
	}
	if got := Shorten("abcd", 3); got != "abc…" {
		t.Errorf("Shorten(abcd, 3) = %q", got)
	}
}

// The edges of each range of characters allowed in role names, in codes and as digits of
// other scripts: the last one inside and the first one outside.
func TestEdgesOfCharacterRanges(t *testing.T) {
	for c, want := range map[byte]bool{
		'a': true, 'z': true, 'A': true, 'Z': true, '`': false, '{': false, '@': false, '[': false, '0': false,
		'-': false, ' ': false,
	} {
		if validRoleName(string(c)) != want {
			t.Errorf("a role that begins with %q: %v", c, !want)
		}
	}
	for c, want := range map[byte]bool{'0': true, '9': true, '-': true, '/': false, ':': false, '_': false} {
		if validRoleName("a"+string(c)+"a") != want {
			t.Errorf("a role with %q in its name: %v", c, !want)
		}
	}
	if validRoleName("a ") {
		t.Error("a role's name ends with a space")
	}
	for r, want := range map[rune]byte{
		'\uFF01' - 1: 0, '\uFF10': '0', '\uFF19': '9', '\uFF21': 'A', '\uFF3A': 'Z', '\uFF5A': 'Z', '\uFF5E': 0,
		'\uFF5F': 0,
		'\u0660': '0', '\u0669': '9', '\u065F': 0, '\u066A': 0,
		'\U0001D7CE': '0', '\U0001D7FF': '9', '\U0001D7CD': 0, '\U0001D800': 0,
	} {
		got, ok := codeLetter(r)
		if ok != (want != 0) || got != want {
			t.Errorf("%U reads as %q, %v, want %q", r, got, ok, want)
		}
	}
}

// A counter that is not decremented would let the last Admin be removed. Each member is
// counted once, by state and roles, and uncounted exactly.
func TestCounters(t *testing.T) {
	came, ended, admin := somebody(Pending), somebody(Pending), somebody(Active)
	came.EmailVerifiedAt, ended.Invitation.Expired = noon, true
	admin.Roles = []RoleName{Admin, Fleet}
	suspendedAdmin := admin
	suspendedAdmin.State = Suspended
	var c Counters
	all := []Member{somebody(Pending), came, ended, admin, somebody(Active), suspendedAdmin}
	for i := range all {
		c.Add(&all[i], 1)
	}
	if c.Pending != 3 || c.Accepted != 1 || c.Expired != 1 || c.Active != 2 || c.Suspended != 1 || c.Admins != 1 ||
		c.Roles[Fleet] != 6 || c.Roles[Admin] != 2 || c.Members() != 6 {
		t.Errorf("counted %+v", c)
	}
	for i := range all {
		c.Add(&all[i], -1)
	}
	if c.Members() != 0 || c.Accepted != 0 || c.Expired != 0 || c.Admins != 0 || len(c.Roles) != 0 {
		t.Errorf("after as many were uncounted: %+v", c)
	}
	tok := Token{Roles: []RoleName{Fleet}}
	old := Counters{Tokens: 1}
	if old.AddToken(&tok, 1); old.Tokens != 2 || old.TokenRoles != nil {
		t.Errorf("where tokens were never counted by role: %+v", old)
	}
	if c.AddToken(&tok, 1); c.Tokens != 1 || c.TokenRoles[Fleet] != 1 {
		t.Errorf("the first token: %+v", c)
	}
	if c.AddToken(&tok, 1); c.Tokens != 2 || c.TokenRoles[Fleet] != 2 {
		t.Errorf("two tokens: %+v", c)
	}
	if c.AddToken(&tok, -2); c.Tokens != 0 || len(c.TokenRoles) != 0 {
		t.Errorf("no token: %+v", c)
	}
}

// A link that somebody handed over proves nothing about the address. The member is recorded
// as having accepted, once; the first Admin, who was never invited, accepted no invitation.
func TestAcceptByAHandedLink(t *testing.T) {
	m := somebody(Pending)
	m.Invitation.Expired = true
	if !m.Accept(ann, noon) || !m.JoinedAt().
		Equal(noon) || !m.EmailVerifiedAt.IsZero() || m.HandedOverBy != ann || m.Invitation.Expired {
		t.Errorf("the first time: %+v", m)
	}
	if m.Accept(bob, noon.Add(1)) || !m.JoinedAt().Equal(noon) || m.HandedOverBy != ann {
		t.Errorf("the second time: %+v", m)
	}
	proved := somebody(Pending)
	proved.VerifyEmail(noon)
	if proved.Accept(ann, noon) || !proved.AcceptedAt.IsZero() {
		t.Error("somebody who had come already came again")
	}
	first := somebody(Active)
	first.Invitation = Invitation{}
	if first.Accept(ann, noon) {
		t.Error("somebody who was never invited accepted")
	}
}

// A code is shown in two groups; text of another length is left unchanged.
func TestCodeInGroups(t *testing.T) {
	for c, want := range map[Code]string{
		"K7PQ3XMD":  "K7PQ-3XMD",
		"":          "",
		"K7PQ3XM":   "K7PQ3XM",
		"K7PQ3XMDE": "K7PQ3XMDE",
	} {
		if c.String() != want {
			t.Errorf("%q is written %q, want %q", string(c), c.String(), want)
		}
	}
}

// The longer session limits apply to members who manage nothing, and to the native window.
func TestSessionLimitsByRole(t *testing.T) {
	if want := []Priority{PriorityAwaited, PriorityRequested, PriorityDecision, PriorityInvitation,
		PriorityDigest}; !slices.Equal(Priorities(), want) {
		t.Errorf("Classes = %v, want %v", Priorities(), want)
	}
}

// The audit log gets an entry when the count reaches a limit, and none between limits.
func TestAuditedCounts(t *testing.T) {
	for n := range MaxWrongCodesDay + 2 {
		want := n == MaxCodeAttempts || n == MaxWrongCodesHour || n == MaxWrongCodesDay
		if IsAuditedCount(n) != want {
			t.Errorf("after %d wrong codes: %v", n, !want)
		}
	}
}

// Wrong codes that were counted while the clock was ahead expire a day from now. LastDay
// counts those less than a day old.
func TestWrongCodesOfToday(t *testing.T) {
	w := WrongCodes{noon.Add(-dayWindow), noon.Add(-dayWindow + 1), noon.Add(time.Hour)}
	if n := w.LastDay(noon); n != 2 {
		t.Errorf("%d of today, want 2", n)
	}
	settled := w.ClampToNow(noon)
	if !settled[2].Equal(noon) || !settled[0].Equal(w[0]) || !w[2].Equal(noon.Add(time.Hour)) {
		t.Errorf("settled: %v", settled)
	}
	if !settled.ForgottenAt().Equal(noon.Add(dayWindow)) {
		t.Errorf("gone at %v", settled.ForgottenAt())
	}
}
