// Package service is where the verbs are, by the noun that each acts on: invite,
// redeem, approve, reject, change roles, suspend, and the rest.
//
// One verb is one function and one transaction: load what it is about, ask the
// gate whether the caller may, ask the rule in access whether it is allowed,
// keep the result, record it in the audit log, put its emails into the outbox;
// together or not at all. Nothing is sent, and nobody is told, before the
// commit. A verb that refuses leaves everything as it was.
//
// Who asks, and what they may do now, each verb has from package gate. What falls due
// by itself is for package jobs, which is made of some steps of the verbs (Steps);
// sign-in requests are answered here, on a beat of their own (SignIn.AnswerOnBeat).
package service

import (
	"context"
	"log/slog"
	"time"

	"doorward/backend/email"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// Options are what a service works with.
type Options struct {
	Store     *store.Store
	Emails    *email.Templates
	PublicURL string // where links lead; never taken from a request
	Mail      bool   // a mail server is configured; without one emails are kept
	Logger    *slog.Logger
}

// A Service is the verbs, by the noun that each acts on. It is safe for
// concurrent use.
type Service struct {
	*core

	Account     Account
	Audit       Audit
	Dashboard   Dashboard
	Gate        *gate.Gate // who a request comes from
	Invitations Invitations
	Members     Members
	Outbox      Outbox
	Roles       Roles
	Sessions    Sessions
	Settings    Settings
	Setup       Setup
	SignIn      SignIn
	Steps       Steps
	Tokens      Tokens
}

// The nouns. Each holds its verbs and nothing else: what they share is in core.
type (
	Account     struct{ *core } // one's own: the pending page, the note, withdrawing, notifications
	Audit       struct{ *core } // the audit log: pages, search, export, verification
	Dashboard   struct{ *core } // counts, days, what is unusual
	Invitations struct{ *core } // invite, check, resend, copy the link
	Members     struct{ *core } // lists, decisions, roles, suspension, removal
	Outbox      struct{ *core } // emails: pages, retry, delete, test
	Roles       struct{ *core } // roles and their permissions
	Sessions    struct{ *core } // open sessions, and the confirmation of one
	Settings    struct{ *core } // the workspace's settings, and the clock
	Setup       struct{ *core } // the first Admin, and the way back in from the shell
	SignIn      struct{ *core } // sign-in requests, links and codes, the native window
	Tokens      struct{ *core } // API tokens
)

func newService(c *core) *Service {
	return &Service{
		core:        c,
		Account:     Account{c},
		Audit:       Audit{c},
		Dashboard:   Dashboard{c},
		Gate:        c.gate,
		Invitations: Invitations{c},
		Members:     Members{c},
		Outbox:      Outbox{c},
		Roles:       Roles{c},
		Sessions:    Sessions{c},
		Settings:    Settings{c},
		Setup:       Setup{c},
		SignIn:      SignIn{c},
		Steps:       Steps{c},
		Tokens:      Tokens{c},
	}
}

// Now is the clock that everything here goes by.
func (s *Service) Now() time.Time { return s.store.Now() }

// PublicURL is where links lead, without a slash at the end.
func (s *Service) PublicURL() string { return s.publicURL }

// A Change is one thing that a commit changed, as Watch tells of it.
type Change = store.Change

// Watch tells of changes as they are committed.
func (s *Service) Watch(ctx context.Context) (<-chan Change, error) { return s.store.Watch(ctx) }

// DeriveKey is a key for one use outside the store.
func (s *Service) DeriveKey(use string) []byte { return s.store.DeriveKey(use) }

// Ready reports whether the store can be written.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ready(ctx) }

// WithOperation names what is kept under ctx, so that what became of it can be asked
// about; see store.WithOperation.
func WithOperation(ctx context.Context, id string) context.Context {
	return store.WithOperation(ctx, id)
}
