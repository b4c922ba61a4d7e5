package access

import (
	"crypto/sha256"
	"strings"
	"time"
)

// How long a session lasts: without use, and at the most. People who manage
// members have the shorter limits; those who wait, one that outlasts the wait.
const (
	AdminIdleTTL     = 30 * time.Minute
	AdminSessionTTL  = 24 * time.Hour
	MemberIdleTTL    = 7 * 24 * time.Hour
	MemberSessionTTL = 30 * 24 * time.Hour
	TouchInterval    = time.Minute    // how exactly the last use is known
	EndReasonTTL     = 24 * time.Hour // how long a browser is told why its session ended
)

// A Session is what redeeming a link or a code opens. Only the hash of its
// secret is kept.
type Session struct {
	Hash               SecretHash `json:"hash"`
	Member             MemberID   `json:"member"`
	Method             string     `json:"method"` // link, code, setup, rescue or window
	OpenedAt           time.Time  `json:"opened_at"`
	SeenAt             time.Time  `json:"seen_at"`
	PermissionRevision int        `json:"rights,omitempty"` // the member's, when the session got its id
	Epoch              int        `json:"epoch,omitempty"`  // the member's, when it was opened
	Address            string     `json:"from,omitempty"`
	UserAgent          string     `json:"agent,omitempty"`
	PreviousSignIn     time.Time  `json:"before,omitzero"` // the member's sign-in before this one

	Confirmation Confirmation     `json:"confirmation,omitzero"`
	Code         ConfirmationCode `json:"code,omitzero"` // waits to be typed
}

// MethodDesktop is how the session of a native window was opened: by a member
// who let it, in a browser.
const MethodDesktop = "window"

// MethodName is how a session was opened, as the API names it; the store keeps
// the older word for the native window's.
func MethodName(method string) string {
	if method == MethodDesktop {
		return "desktop"
	}
	return method
}

// DesktopSecretPrefix begins the secret of a window's session. It is no cookie's, and
// no cookie's secret is one.
const DesktopSecretPrefix = "dwin_"

// NewDesktopSecret returns a fresh secret for a window's session.
func NewDesktopSecret() Secret { return DesktopSecretPrefix + NewSecret() }

// OpensSession reports whether s has the shape of a session's secret.
func (s Secret) OpensSession() bool {
	return len(strings.TrimPrefix(string(s), DesktopSecretPrefix)) == SecretLength
}

// ClockSlack is how far clocks may differ. What was opened or made later than
// that from now was so by a clock that was wrong, and would be good until that
// clock's end: it is not good.
const ClockSlack = 5 * time.Minute

// IsValid reports whether the session is within its limits. A window's secret rests
// in the keyring of the computer's user, and its limits are the longer ones.
func (opened *Session) IsValid(manages bool, now time.Time) bool {
	idle, lasts := MemberIdleTTL, MemberSessionTTL
	if manages && opened.Method != MethodDesktop {
		idle, lasts = AdminIdleTTL, AdminSessionTTL
	}
	latest := now.Add(ClockSlack)
	if opened.OpenedAt.After(latest) || opened.SeenAt.After(latest) {
		return false
	}
	return now.Before(opened.SeenAt.Add(idle)) && now.Before(opened.OpenedAt.Add(lasts))
}

// ID names the session for people who manage it. It opens nothing, and its hash
// does not follow from it.
func (opened *Session) ID() string {
	sum := sha256.Sum256(append([]byte("session "), opened.Hash[:]...))
	return idEncoding.EncodeToString(sum[:16])
}

// An EndReason is why a session ended before its time, for the browser that still
// holds its cookie. It names nobody.
type EndReason string

const (
	EndedSuspended EndReason = "suspended"
	EndedRejected  EndReason = "rejected"
	EndedRemoved   EndReason = "removed"
	EndedWithdrawn EndReason = "withdrawn"
	EndedSignedOut EndReason = "signed_out" // by the member, or for a session after it: nothing to tell
)

// SignedOutError is the answer to whoever is not signed in.
func SignedOutError() *Error {
	return Errorf(SignedOut, "You are not signed in. Open /login and ask for a letter.")
}

// How long an API token lasts, unless said otherwise and in any case.
const (
	DefaultTokenTTL = 90 * 24 * time.Hour
	MinTokenTTL     = time.Hour
	MaxTokenTTL     = 366 * 24 * time.Hour
)

// A Token lets a program act for a member, within some of the member's roles.
type Token struct {
	ID        TokenID    `json:"id"`
	Name      string     `json:"name"`
	Hash      SecretHash `json:"hash"`
	Owner     MemberID   `json:"owner,omitempty"` // empty: made by the operator
	Roles     []RoleName `json:"roles"`
	CreatedAt time.Time  `json:"made_at"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"` // zero: never, as an older Doorward made them
	Epoch     int        `json:"epoch,omitempty"`     // the owner's TokenEpoch, when it was made
	UsedAt    time.Time  `json:"-"`                   // to the minute; kept apart from what decides
}

// TokenPrefix begins every API token, so that one is recognised where it leaks.
const TokenPrefix = "dw_"

// CheckTokenTTL says what is wrong with how long a token is to last.
func CheckTokenTTL(lasts time.Duration) error {
	if lasts < MinTokenTTL || lasts > MaxTokenTTL {
		return Errorf(Invalid, "A token can last from 1 hour to 366 days.").
			On("expires_in").WithCode("expiry_out_of_range")
	}
	return nil
}

// IsValid reports whether the token has not expired, and was not made in the future.
func (t *Token) IsValid(now time.Time) bool {
	return !t.CreatedAt.After(now.Add(ClockSlack)) && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
