package access

import "time"

// How long a confirmation and its code last, and how many wrong codes are allowed.
const (
	ConfirmationTTL     = 15 * time.Minute // signing in and a code from an email both count as a confirmation
	ConfirmationCodeTTL = 10 * time.Minute
	maxConfirmAttempts  = 5 // wrong codes for one email
)

// MethodEmail means that an existing session was confirmed with a code from an email.
const MethodEmail = "email"

// A Confirmation records when and how the person behind a session last proved that they
// control the member's mailbox.
type Confirmation struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"` // link, code, setup, rescue or email
	Rights int       `json:"rights"` // the member's PermissionRevision then; an increase voids this
}

// A ConfirmationCode is the code that was emailed to confirm one session.
type ConfirmationCode struct {
	Hash      SecretHash `json:"hash"` // keyed, and bound to the session
	ExpiresAt time.Time  `json:"expires_at"`
	Attempts  int        `json:"tries,omitempty"` // wrong codes so far
}

// Confirm records that the person behind the session proved who they are. It voids a
// pending confirmation code.
func (opened *Session) Confirm(m *Member, method string, now time.Time) {
	opened.Confirmation = Confirmation{At: now, Method: method, Rights: m.PermissionRevision}
	opened.Code = ConfirmationCode{}
}

// ConfirmedUntil returns when the session's confirmation expires, zero if there is none. A
// change of roles in either direction voids it, and so does a clock that was set back.
func (opened *Session) ConfirmedUntil(m *Member, now time.Time) time.Time {
	c := opened.Confirmation
	until := c.At.Add(ConfirmationTTL)
	if c.At.IsZero() || c.Rights != m.PermissionRevision || !c.At.After(m.SetBack) || now.Before(c.At) ||
		!now.Before(until) {
		return time.Time{}
	}
	return until
}

// CheckCode counts a wrong attempt, and returns nil if the code confirms the session. Whoever
// calls it stores the session also after an error. After too many attempts no code is right.
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

// WrongConfirmation is the single answer for codes that are wrong, used, expired, tried too
// often, or for another session.
func WrongConfirmation() *Error {
	return Errorf(
		Invalid,
		"That code is wrong or has expired. Check the newest email, or request another code.",
	).On("code").WithCode("code_wrong")
}

// ConfirmationRequired is the refusal for actions that need a recent confirmation, when the
// session has none.
func ConfirmationRequired() *Error {
	return Errorf(
		Forbidden,
		"Confirm your identity: request a code by email and enter it, or sign out and sign in again. The "+
			"confirmation is valid for %d minutes.",
		int(ConfirmationTTL/time.Minute),
	).WithCode("confirmation_required")
}

// TokenOutlivesSession refuses to let an API token create something that outlives the
// token.
func TokenOutlivesSession() *Error {
	return Errorf(Forbidden,
		"A token cannot do this, because the result would outlive the token. Use the console or the server's "+
			"command line.").
		WithCode("token_outlives")
}
