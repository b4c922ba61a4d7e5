package service

import (
	"context"
	"sync"
	"time"

	"doorward/backend/access"
)

// Beat is the interval at which sign-in requests are answered: all that wait,
// together. So the work that follows the sign-in form happens at a moment that
// the caller does not choose, and is the same for every address.
const Beat = 500 * time.Millisecond

// NextBeat returns the time until the next beat.
func NextBeat(now time.Time) time.Duration { return Beat - time.Duration(now.UnixNano())%Beat }

// AnswerOnBeat answers sign-in requests until ctx ends, each time on the beat.
func (s SignIn) AnswerOnBeat(ctx context.Context) {
	wake(s.asked) // those that wait from before
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
			s.log.ErrorContext(ctx, "sign-in emails could not be queued", "err", err)
			wake(s.asked)
		}
	}
}

// How often strangers, all together, may request sign-in emails: each request is
// written to the store.
const (
	maxStrangerRequests     = 200 // at once
	strangerRequestInterval = 100 * time.Millisecond
)

// A floodGate limits the requests of all strangers together. It is in memory:
// after a restart the full burst is allowed again.
type floodGate struct {
	mu   sync.Mutex
	full time.Time // when the full burst is available again
}

// take counts one request, or refuses it with the same sentence for every
// address.
func (f *floodGate) take(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	// or the clock was set back
	if f.full.Before(now) || f.full.After(now.Add(maxStrangerRequests*strangerRequestInterval)) {
		f.full = now
	}
	if full := f.full.Add(strangerRequestInterval); full.Sub(now) <= maxStrangerRequests*strangerRequestInterval {
		f.full = full
		return nil
	}
	return access.Errorf(access.TooMany, "Too many sign-in emails are being requested right now. Try again in a "+
		"minute, or open the link in the newest email you have.").WithCode("too_often")
}
