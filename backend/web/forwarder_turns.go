package web

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// How much visitors can make the machine that leads hold for this one, before it has said who
// they are. An answer that has begun is not counted: only members get one that takes long.
const (
	maxForwarded = 128 // requests that wait for their answer, each on a connection
	maxDials     = 16  // connections that begin; the other port takes 32 from one machine, raft's among them
)

// turns are as many as can be at a time. The others wait, in the order in which they came.
type turns chan struct{}

// errCrowded says that too many requests wait for their answers.
var errCrowded = errors.New("too many requests wait for the machine that leads")

// await waits for a turn, until late or ctx ends.
func (t turns) await(ctx context.Context, late <-chan time.Time) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-late:
		return errCrowded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turns) end() { <-t }

// A turnstile lets maxForwarded requests wait for their answers at a time.
type turnstile struct {
	http.RoundTripper
	turns turns
}

func throughTurnstile(t http.RoundTripper) *turnstile {
	return &turnstile{t, make(turns, maxForwarded)}
}

// RoundTrip waits for a turn for as long as a visitor waits for a machine that leads.
func (s *turnstile) RoundTrip(r *http.Request) (*http.Response, error) {
	late := time.NewTimer(forwardWithin)
	defer late.Stop()
	if err := s.turns.await(r.Context(), late.C); err != nil {
		return nil, err
	}
	defer s.turns.end()
	return s.RoundTripper.RoundTrip(r)
}
