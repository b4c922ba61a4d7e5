package access

import (
	"crypto/sha256"
	"strings"
	"time"
)

// How long a session lasts unless an Admin sets something else: without use, and in total.
// Members who manage others have the shorter limits; a pending member's session outlasts the
// wait for a decision. No session lasts longer than MaxSessionTTL.
const (
	AdminIdleTTL     = 30 * time.Minute
	AdminSessionTTL  = 24 * time.Hour
	MemberIdleTTL    = 7 * 24 * time.Hour
	MemberSessionTTL = 30 * 24 * time.Hour
	MaxSessionTTL    = 30 * 24 * time.Hour
	TouchInterval    = time.Minute    // the precision of the last use
	EndReasonTTL     = 24 * time.Hour // how long a browser can learn why its session ended
)

// A Session is opened by redeeming a link or a code. Only the hash of its secret is stored.
type Session struct {
	Hash               SecretHash `json:"hash"`
	Member             MemberID   `json:"member"`
	Method             string     `json:"method"` // link, code, setup, rescue or window
	OpenedAt           time.Time  `json:"opened_at"`
	SeenAt             time.Time  `json:"seen_at"`
	PermissionRevision int        `json:"rights,omitempty"` // the member's, when the session got its current id
	Epoch              int        `json:"epoch,omitempty"`  // the member's, when it was opened
	Address            string     `json:"from,omitempty"`
	UserAgent          string     `json:"agent,omitempty"`
	PreviousSignIn     time.Time  `json:"before,omitzero"` // the member's previous sign-in

	Confirmation Confirmation     `json:"confirmation,omitzero"`
	Code         ConfirmationCode `json:"code,omitzero"` // the pending confirmation code
}

// MethodDesktop means that the session belongs to a native window, which the member
// authorized in a browser.
const MethodDesktop = "window"

// MethodName is the API's name for how a session was opened; the store has an older word
// for the native window.
func MethodName(method string) string {
	if method == MethodDesktop {
		return "desktop"
	}
	return method
}

// DesktopSecretPrefix starts the secret of a window's session, so that it is never accepted
// as a cookie's secret, or the other way round.
const DesktopSecretPrefix = "dwin_"

// NewDesktopSecret returns a new secret for a window's session.
func NewDesktopSecret() Secret { return DesktopSecretPrefix + NewSecret() }

// OpensSession reports whether s has the form of a session's secret.
func (s Secret) OpensSession() bool {
	return len(strings.TrimPrefix(string(s), DesktopSecretPrefix)) == SecretLength
}

// ClockSlack is how far two clocks may differ. Anything dated further in the future was
// made by a wrong clock and would be valid until that clock's expiry, so it is treated as
// invalid.
const ClockSlack = 5 * time.Minute

// IsValid reports whether the session is within its limits. A window's secret is stored in
// the keyring of the computer's user, so a window has the longer limits.
func (opened *Session) IsValid(l Lifetimes, manages bool, now time.Time) bool {
	latest := now.Add(ClockSlack)
	if opened.OpenedAt.After(latest) || opened.SeenAt.After(latest) {
		return false
	}
	return now.Before(opened.ExpiresAt(l, manages))
}

// ExpiresAt returns when the session ends if it is not used until then.
func (opened *Session) ExpiresAt(l Lifetimes, manages bool) time.Time {
	idle, lasts := LifetimeMemberIdle, LifetimeMemberSession
	if manages && opened.Method != MethodDesktop {
		idle, lasts = LifetimeAdminIdle, LifetimeAdminSession
	}
	unused, longest := opened.SeenAt.Add(l.Of(idle)), opened.OpenedAt.Add(l.Of(lasts))
	if unused.Before(longest) {
		return unused
	}
	return longest
}

// ID identifies the session for people who manage it. It grants nothing, and the hash
// cannot be derived from it.
func (opened *Session) ID() string {
	sum := sha256.Sum256(append([]byte("session "), opened.Hash[:]...))
	return idEncoding.EncodeToString(sum[:16])
}

// An EndReason is why a session ended early, for the browser that still has its cookie. It
// names nobody.
type EndReason string

const (
	EndedSuspended EndReason = "suspended"
	EndedRejected  EndReason = "rejected"
	EndedRemoved   EndReason = "removed"
	EndedWithdrawn EndReason = "withdrawn"
	EndedSignedOut EndReason = "signed_out" // by the member, in this session or a later one: nothing to explain
)

// PendingError is the answer to a pending member who asks for more than the pending page.
func PendingError() *Error {
	return Errorf(Forbidden, "Your account is pending approval. Until it is approved, you can open only the "+
		"page of your request.").WithCode("pending")
}

// SignedOutError is the answer to requests that are not signed in.
func SignedOutError() *Error {
	return Errorf(SignedOut, "You are not signed in. Open /login and request a link.")
}
