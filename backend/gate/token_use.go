package gate

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// tokenUses holds the times of use of API tokens, to the minute, until they are
// written: once a minute for all tokens together, and never while a request
// waits.
type tokenUses struct {
	mu     sync.Mutex
	noted  map[access.TokenID]time.Time
	ripe   chan struct{} // signalled a minute after the first note
	waking bool
}

// useInterval is how often uses are written, and how much of them a crash can
// lose.
const useInterval = time.Minute

// useBatch is how many uses one transaction writes.
const useBatch = 30

func (u *tokenUses) init() {
	u.noted, u.ripe = map[access.TokenID]time.Time{}, make(chan struct{}, 1)
}

// note records a use in memory. It is called at most once a minute for each
// token.
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

// last is the later of the stored time of use and the one not yet written.
func (u *tokenUses) last(id access.TokenID, kept time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.noted[id]; at.After(kept) {
		return at
	}
	return kept
}

// LastUse is when a token was last used: the stored time, or a later one that is
// not written yet.
func (g *Gate) LastUse(t access.Token) time.Time { return g.uses.last(t.ID, t.UsedAt) }

// UsesDue signals that there are uses to write.
func (g *Gate) UsesDue() <-chan struct{} { return g.uses.ripe }

// KeepUses writes the noted uses of tokens. If one batch of them cannot be written, all
// are noted again, to be written the next time: a failure keeps nobody out.
func (g *Gate) KeepUses(ctx context.Context) {
	noted := g.uses.take()
	for ids := range slices.Chunk(slices.Collect(maps.Keys(noted)), useBatch) {
		err := g.store.Update(ctx, func(tx *store.Tx) error {
			for _, id := range ids {
				if err := tx.Tokens.Use(id, noted[id]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			g.log.WarnContext(ctx, "the use of API tokens was not noted", "err", err)
			for id, at := range noted {
				g.uses.note(id, at)
			}
			return
		}
	}
}
