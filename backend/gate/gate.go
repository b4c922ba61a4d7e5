// Package gate knows who is asking, and what they may do now.
//
// Every way in asks it. A request with a session or an API token is a [Principal]:
// the member behind it, with the permissions of this moment. A verb asks again in
// its own transaction ([Gate.Authorize]): what was true when the request came may
// not be when the verb is kept.
//
// Principals are remembered, so a request reads nothing from the store. What a
// commit touches is forgotten before that commit is answered, and everything when
// the process begins or stops to lead. So an answer is never older than the last
// change: whoever is suspended is out with their next request. The default is no.
//
// The gate says no more than yes or no, and notes when sessions and tokens were
// used. What may be done at all, and what comes of it, is for package service.
package gate

import (
	"context"
	"log/slog"
	"sync/atomic"

	"doorward/backend/policy"
	"doorward/backend/store"
)

// A Gate is the one gate of a store. It is safe for concurrent use.
type Gate struct {
	store  *store.Store
	log    *slog.Logger
	policy atomic.Pointer[policy.Policy]
	known  cache
	uses   tokenUses
}

// New makes the gate of an open store and has the store tell it of commits, and of
// beginning and ceasing to lead. It fails where the policy of the roles that are kept
// cannot be loaded.
func New(ctx context.Context, s *store.Store, log *slog.Logger) (*Gate, error) {
	g := &Gate{store: s, log: log}
	g.known.init()
	g.uses.init()
	if err := s.View(ctx, func(tx *store.Tx) error { _, err := g.Policy(tx); return err }); err != nil {
		return nil, err
	}
	s.OnCommit(g.known.drop)
	s.OnLead(g.led)
	return g, nil
}

// led forgets what is remembered of the store when this process begins to lead or
// stops: others write while it does not.
func (g *Gate) led(bool) {
	g.known.forget()
	g.policy.Store(nil)
}
