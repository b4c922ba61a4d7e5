package service

import (
	"context"
	"sync"
	"time"

	"doorward/backend/access"
)

// Beat is how far apart the moments are at which asks are answered: all that wait
// then, together. What follows the answer of the sign-in form happens at a moment
// that the caller does not choose, and the same for every address.
const Beat = 500 * time.Millisecond

// NextBeat is how long it is until the next such moment.
func NextBeat(now time.Time) time.Duration { return Beat - time.Duration(now.UnixNano())%Beat }

// AnswerOnBeat answers sign-in requests until ctx ends, each time on the beat.
func (s SignIn) AnswerOnBeat(ctx context.Context) {
	wake(s.asked) // what waits from before
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.asked:
		}
		beat := time.NewTimer(NextBeat(time.Now()))
		select {
		case <-ctx.Done():
			beat.Stop()
			return
		case <-beat.C:
		}
		if _, err := s.AnswerRequests(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "sign-in letters could not be queued", "err", err)
			wake(s.asked)
		}
	}
}

// Strangers in their numbers may ask so often in all: each ask is written down.
const (
	maxStrangerRequests     = 200 // at once
	strangerRequestInterval = 100 * time.Millisecond
)

// A floodGate bounds what strangers ask for, all together. It is in memory: after a
// restart they have their first burst again.
type floodGate struct {
	mu   sync.Mutex
	full time.Time // when all of it is there again
}

// take counts one ask, or refuses it with the same sentence for every address.
func (f *floodGate) take(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	// or the clock was put back
	if f.full.Before(now) || f.full.After(now.Add(maxStrangerRequests*strangerRequestInterval)) {
		f.full = now
	}
	if full := f.full.Add(strangerRequestInterval); full.Sub(now) <= maxStrangerRequests*strangerRequestInterval {
		f.full = full
		return nil
	}
	return access.Errorf(access.TooMany, "Very many people ask for sign-in letters right now. "+
		"Try again in a minute, or open the link in the newest letter you have.").WithCode("too_often")
}
