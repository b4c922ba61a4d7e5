package gate

import (
	"context"
	"maps"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// tokenUses are when API tokens were used, to the minute, until they are written
// down: once a minute for all tokens together, and not on the way of a request.
type tokenUses struct {
	mu     sync.Mutex
	noted  map[access.TokenID]time.Time
	ripe   chan struct{} // told a minute after the first note
	waking bool
}

// useInterval is how often uses are written down, and what a crash may lose.
const useInterval = time.Minute

// useBatch is how many uses one transaction writes.
const useBatch = 30

func (u *tokenUses) init() {
	u.noted, u.ripe = map[access.TokenID]time.Time{}, make(chan struct{}, 1)
}

// note remembers a use. It is called at most once a minute for each token.
func (u *tokenUses) note(id access.TokenID, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at.After(u.noted[id]) {
		u.noted[id] = at
	}
	if !u.waking {
		u.waking = true
		time.AfterFunc(useInterval, u.ripen)
	}
}

func (u *tokenUses) ripen() {
	select {
	case u.ripe <- struct{}{}:
	default:
	}
}

func (u *tokenUses) take() map[access.TokenID]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	noted := u.noted
	u.noted, u.waking = map[access.TokenID]time.Time{}, false
	return noted
}

// last is the later of what is written down and what is not yet.
func (u *tokenUses) last(id access.TokenID, kept time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.noted[id]; at.After(kept) {
		return at
	}
	return kept
}

// LastUse is when a token was used last: at the time that is written down for it, or
// later where that is not written down yet.
func (g *Gate) LastUse(t access.Token) time.Time { return g.uses.last(t.ID, t.UsedAt) }

// UsesDue tells when there are uses to write down.
func (g *Gate) UsesDue() <-chan struct{} { return g.uses.ripe }

// KeepUses writes down when tokens were used. What cannot be written is tried
// again with the next: that it failed keeps nobody out.
func (g *Gate) KeepUses(ctx context.Context) {
	noted := g.uses.take()
	for len(noted) > 0 {
		some := map[access.TokenID]time.Time{}
		for id, at := range noted {
			if some[id] = at; len(some) == useBatch {
				break
			}
		}
		if err := g.store.Update(ctx, func(tx *store.Tx) error { return keepSome(tx, some) }); err != nil {
			g.log.WarnContext(ctx, "the use of API tokens was not noted", "err", err)
			for id, at := range noted {
				g.uses.note(id, at)
			}
			return
		}
		maps.DeleteFunc(noted, func(id access.TokenID, _ time.Time) bool { return !some[id].IsZero() })
	}
}

func keepSome(tx *store.Tx, some map[access.TokenID]time.Time) error {
	for id, at := range some {
		if err := tx.Tokens.Use(id, at); err != nil {
			return err
		}
	}
	return nil
}
