package service

import (
	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/store"
)

// The tests are an external package, since they use package jobs, which imports
// this one. This is what they need from inside.
const (
	ConfirmEmailInterval    = confirmEmailInterval
	DeletesTokens           = deletesTokens
	MaxConfirmEmails        = maxConfirmEmails
	MaxResends              = maxResends
	MaxSessions             = maxSessions
	MaxSignInEmails         = maxSignInEmails
	MaxStrangerEmails       = maxStrangerEmails
	MaxStrangerRequests     = maxStrangerRequests
	MaxUntold               = maxUntold
	MaxWrongConfirmations   = maxWrongConfirmations
	RejectionTTL            = rejectionTTL
	ResendInterval          = resendInterval
	SignInEmailInterval     = signInEmailInterval
	StrangerEmailInterval   = strangerEmailInterval
	StrangerRequestInterval = strangerRequestInterval
	TellInterval            = tellInterval
)

var (
	CodesClosed = codesClosed
	Network     = network
)

// KeepsURL reports whether the public URL that was read is kept, where a change dropped it
// meanwhile or none did.
func KeepsURL(dropped bool) bool {
	var c publicURLCache
	began := c.began()
	if dropped {
		c.drop()
	}
	c.keep("https://door.example.com", began)
	return c.known.Load() != nil
}

func (b Browser) Speak(m *access.Member) { b.speak(m) }

func (b Browser) Hash() access.SecretHash { return b.hash() }

func (s *Service) Emails() *email.Templates { return s.emails }

func (s *Service) OpenSession(
	tx *store.Tx,
	m *access.Member,
	session access.Secret,
	method string,
	b Browser,
) (NewSession, error) {
	return s.openSession(tx, m, session, method, b)
}
