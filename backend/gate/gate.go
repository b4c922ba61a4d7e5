// Package gate knows who sends a request, and what they may do now.
//
// Every way in asks it. A request with a session or an API token has a
// [Principal]: the member behind it, with their current permissions. A verb asks
// again inside its own transaction ([Gate.Authorize]), because what was true when
// the request arrived may have changed by the time the verb commits.
//
// Principals are cached, so a request reads nothing from the store. A commit
// drops the principals it affects before it is answered, and everything is
// dropped when this process starts or stops leading. So a cached answer is never
// older than the last change: a suspended member is refused at their next
// request. The default is no.
//
// The gate answers yes or no, and notes when sessions and tokens were used. The
// rules, and what a verb does, are in package service.
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

// New returns the gate of an open store, subscribed to its commits and to its
// changes of leadership. It fails where the policy cannot be loaded from the
// stored roles; on one of several machines, which may not lead yet, the first
// request that needs the policy does.
func New(ctx context.Context, s *store.Store, log *slog.Logger) (*Gate, error) {
	g := &Gate{store: s, log: log}
	g.known.init()
	g.uses.init()
	if !s.Elected() {
		if err := s.View(ctx, func(tx *store.Tx) error { _, err := g.Policy(tx); return err }); err != nil {
			return nil, err
		}
	}
	s.OnCommit(g.known.drop)
	s.OnLead(g.led)
	return g, nil
}

// led drops everything cached when this process starts or stops leading: while it
// does not lead, another process writes.
func (g *Gate) led(bool) {
	g.known.forget()
	g.policy.Store(nil)
}
