package access

import (
	"crypto/sha256"
	"strings"
	"time"
)

// How long a session lasts: without use, and at the most. People who manage
// members have the shorter limits; those who wait, one that outlasts the wait.
const (
	AdminIdle    = 30 * time.Minute
	AdminLasts   = 24 * time.Hour
	MemberIdle   = 7 * 24 * time.Hour
	MemberLasts  = 30 * 24 * time.Hour
	TouchEvery   = time.Minute    // how exactly the last use is known
	EndedIsKnown = 24 * time.Hour // how long a browser is told why its session ended
)

// A Session is what redeeming a link or a code opens. Only the hash of its
// secret is kept.
type Session struct {
	Hash     SecretHash `json:"hash"`
	Member   MemberID   `json:"member"`
	Method   string     `json:"method"` // link, code, setup, rescue or window
	OpenedAt time.Time  `json:"opened_at"`
	SeenAt   time.Time  `json:"seen_at"`
	Rights   int        `json:"rights,omitempty"` // the member's, when the session got its id
	Epoch    int        `json:"epoch,omitempty"`  // the member's, when it was opened
	From     string     `json:"from,omitempty"`
	Agent    string     `json:"agent,omitempty"`
	Before   time.Time  `json:"before,omitzero"` // the member's sign-in before this one

	Confirmation Confirmation     `json:"confirmation,omitzero"`
	Code         ConfirmationCode `json:"code,omitzero"` // waits to be typed
}

// MethodWindow is how the session of a native window was opened: by a member
// who let it, in a browser.
const MethodWindow = "window"

// WindowPrefix begins the secret of a window's session. It is no cookie's, and
// no cookie's secret is one.
const WindowPrefix = "dwin_"

// NewWindowSecret returns a fresh secret for a window's session.
func NewWindowSecret() Secret { return WindowPrefix + NewSecret() }

// OpensSession reports whether s has the shape of a session's secret.
func (s Secret) OpensSession() bool {
	return len(strings.TrimPrefix(string(s), WindowPrefix)) == SecretLength
}

// ClockSlack is how far clocks may differ. What was opened or made later than
// that from now was so by a clock that was wrong, and would be good until that
// clock's end: it is not good.
const ClockSlack = 5 * time.Minute

// Good reports whether the session is within its limits. A window's secret rests
// in the keyring of the computer's user, and its limits are the longer ones.
func (s *Session) Good(manages bool, now time.Time) bool {
	idle, lasts := MemberIdle, MemberLasts
	if manages && s.Method != MethodWindow {
		idle, lasts = AdminIdle, AdminLasts
	}
	latest := now.Add(ClockSlack)
	if s.OpenedAt.After(latest) || s.SeenAt.After(latest) {
		return false
	}
	return now.Before(s.SeenAt.Add(idle)) && now.Before(s.OpenedAt.Add(lasts))
}

// ID names the session for people who manage it. It opens nothing, and its hash
// does not follow from it.
func (s *Session) ID() string {
	sum := sha256.Sum256(append([]byte("session "), s.Hash[:]...))
	return idEncoding.EncodeToString(sum[:16])
}

// An Ending is why a session ended before its time, for the browser that still
// holds its cookie. It names nobody.
type Ending string

const (
	EndedSuspended Ending = "suspended"
	EndedRejected  Ending = "rejected"
	EndedRemoved   Ending = "removed"
	EndedWithdrawn Ending = "withdrawn"
	EndedSignedOut Ending = "signed_out" // by the member, or for a session after it: nothing to tell
)

// SignedOutError is the answer to whoever is not signed in.
func SignedOutError() *Error {
	return Errorf(SignedOut, "You are not signed in. Open /login and ask for a letter.")
}

// How long an API token lasts, unless said otherwise and in any case.
const (
	DefaultToken  = 90 * 24 * time.Hour
	ShortestToken = time.Hour
	LongestToken  = 366 * 24 * time.Hour
)

// A Token lets a program act for a member, within some of the member's roles.
type Token struct {
	ID        TokenID    `json:"id"`
	Name      string     `json:"name"`
	Hash      SecretHash `json:"hash"`
	Owner     MemberID   `json:"owner,omitempty"` // empty: made by the operator
	Roles     []RoleName `json:"roles"`
	MadeAt    time.Time  `json:"made_at"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"` // zero: never, as an older Doorward made them
	Epoch     int        `json:"epoch,omitempty"`     // the owner's TokenEpoch, when it was made
	UsedAt    time.Time  `json:"-"`                   // to the minute; kept apart from what decides
}

// TokenPrefix begins every API token, so that one is recognised where it leaks.
const TokenPrefix = "dw_"

// CheckTokenTTL says what is wrong with how long a token is to last.
func CheckTokenTTL(lasts time.Duration) error {
	if lasts < ShortestToken || lasts > LongestToken {
		return Errorf(Invalid, "A token can last from 1 hour to 366 days.").On("expires_in").WithCode("expiry_out_of_range")
	}
	return nil
}

// Good reports whether the token has not expired, and was not made in the future.
func (t *Token) Good(now time.Time) bool {
	return !t.MadeAt.After(now.Add(ClockSlack)) && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
