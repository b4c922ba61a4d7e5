package access

import "time"

// How long a confirmation and the code for one last, and what one code bears.
const (
	ConfirmationTTL     = 15 * time.Minute // signing in counts as one, and so does a code from an email
	ConfirmationCodeTTL = 10 * time.Minute
	maxConfirmAttempts  = 5 // wrong codes for one email
)

// MethodEmail is how a session was confirmed that was not just opened: with a
// code from an email.
const MethodEmail = "email"

// A Confirmation is when and how the person behind a session last showed that
// they hold the member's mailbox.
type Confirmation struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"` // link, code, setup, rescue or email
	Rights int       `json:"rights"` // the member's then: more of them since take it away
}

// A ConfirmationCode is the code that was emailed to confirm one session.
type ConfirmationCode struct {
	Hash      SecretHash `json:"hash"` // keyed, and bound to the session
	ExpiresAt time.Time  `json:"expires_at"`
	Attempts  int        `json:"tries,omitempty"` // wrong ones
}

// Confirm notes that the person behind the session showed who they are. A code
// that waited to be typed is worth nothing afterwards.
func (opened *Session) Confirm(m *Member, method string, now time.Time) {
	opened.Confirmation = Confirmation{At: now, Method: method, Rights: m.PermissionRevision}
	opened.Code = ConfirmationCode{}
}

// ConfirmedUntil is when the session's confirmation expires; zero where it has
// none. Other roles, more or fewer, take it away, and so does a clock that was
// put back.
func (opened *Session) ConfirmedUntil(m *Member, now time.Time) time.Time {
	c := opened.Confirmation
	until := c.At.Add(ConfirmationTTL)
	if c.At.IsZero() || c.Rights != m.PermissionRevision || !c.At.After(m.SetBack) || now.Before(c.At) ||
		!now.Before(until) {
		return time.Time{}
	}
	return until
}

// CheckCode counts a try and says whether the code confirms the session.
func (opened *Session) CheckCode(code SecretHash, now time.Time) error {
	c := &opened.Code
	if c.Hash.IsZero() || c.Attempts >= maxConfirmAttempts || !now.Before(c.ExpiresAt) {
		return WrongConfirmation()
	}
	if c.Hash != code {
		c.Attempts++
		return WrongConfirmation()
	}
	return nil
}

// WrongConfirmation is the one answer for codes that are wrong, used, expired,
// tried too often, or meant for another session.
func WrongConfirmation() *Error {
	return Errorf(
		Invalid,
		"That code is not right, or has expired. Check the newest email, or send another code.",
	).On("code").WithCode("code_wrong")
}

// ConfirmationRequired refuses what needs to know that it is still the same
// person, where the session has not shown that lately.
func ConfirmationRequired() *Error {
	return Errorf(
		Forbidden,
		"Confirm that it is you: ask for a code by email and type it, or sign out and in again. That counts for 15 "+
			"minutes.",
	).WithCode("confirmation_required")
}

// TokenOutlivesSession refuses to an API token what would outlive it.
func TokenOutlivesSession(what string) *Error {
	return Errorf(Forbidden, "A token cannot %s: that would outlive it. Use the console, or the server's own shell.",
		what).WithCode("token_outlives")
}
