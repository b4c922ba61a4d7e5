// Package service has the verbs, by the noun that each acts on: invitations, members,
// login requests, sign-in, sessions, API tokens, roles, messages, settings, the audit
// log, and what the dashboard counts.
//
// One verb is one function and one transaction: load the records, ask the gate
// whether the caller may, ask the rule in package access whether it is allowed,
// store the result, write the audit entry, put its emails into the outbox;
// together or not at all. No email is sent, and no event published, before the
// commit. A verb that refuses leaves everything as it was.
//
// What nearly every verb with a caller refuses is not repeated at each: SignedOut is the error
// for a caller who is unknown or gone, and Forbidden for one without the permission, or for a
// change to a member who has permissions that the caller lacks (member_above_own). An error of
// the store is Unavailable or Internal, and its sentence says whether anything was written.
//
// Package gate tells each verb who the caller is and what they may do now.
// Scheduled work is in package jobs, which uses some steps of the verbs (Steps);
// sign-in requests are answered here, at fixed intervals (SignIn.AnswerOnBeat).
package service

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// Options are what a service needs.
type Options struct {
	Store     *store.Store
	Emails    *email.Templates
	PublicURL string // base of all links; never taken from a request
	Mail      bool   // a mail server was given at the start; without one emails are held
	Logger    *slog.Logger

	SetAtStart access.SetAtStart
	Cluster    Cluster // nil: the server is alone
}

// A Service has the verbs, by the noun that each acts on. It is safe for
// concurrent use.
type Service struct {
	*core

	Account     Account
	Audit       Audit
	Dashboard   Dashboard
	Gate        *gate.Gate // who a request comes from
	Invitations Invitations
	Machines    Machines // of a cluster
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

// The nouns. Each has its verbs and nothing else: what they share is in core.
type (
	Account     struct{ *core } // the caller's own account: the pending page, the note, withdrawing, notifications
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

func newService(c *core, cluster Cluster) *Service {
	return &Service{
		core:        c,
		Account:     Account{c},
		Audit:       Audit{c},
		Dashboard:   Dashboard{c},
		Gate:        c.gate,
		Invitations: Invitations{c},
		Machines:    Machines{c, cluster},
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

// Now returns the time of the clock that everything here uses.
func (s *Service) Now() time.Time { return s.store.Now() }

// A Change is one thing that a commit changed, as Watch reports it.
type Change = store.Change

// Watch reports changes as they are committed.
func (s *Service) Watch(ctx context.Context) (<-chan Change, error) { return s.store.Watch(ctx) }

// OnReported calls fn after each commit that changed what event streams report, before its
// verb returns and before Watch reports it.
func (s *Service) OnReported(fn func()) (cancel func()) {
	return s.store.OnCommit(func(changes []Change) {
		if slices.ContainsFunc(changes, func(c Change) bool { return slices.Contains(reported, c.Topic) }) {
			fn()
		}
	})
}

var reported = []store.Topic{
	store.OverviewChanged, store.LoginRequestChanged, store.MemberChanged, store.MessageChanged, store.AuditAdded,
	store.ChangesMissed,
}

// DeriveKey returns a key for one use outside the store.
func (s *Service) DeriveKey(use string) []byte { return s.store.DeriveKey(use) }

// OnLead registers fn, which is called when this process begins to lead, and when it has
// stopped leading; see store.OnLead.
func (s *Service) OnLead(fn func(leads bool)) (cancel func()) { return s.store.OnLead(fn) }

// Ready reports whether the store can be written.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ready(ctx) }

// WithOperation gives the writes under ctx an operation id, so that their outcome
// can be asked about; see store.WithOperation.
func WithOperation(ctx context.Context, id string) context.Context {
	return store.WithOperation(ctx, id)
}
