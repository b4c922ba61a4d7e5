package web

import (
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// fenceTime is how long a machine tries to make sure that it still leads.
const fenceTime = 2 * time.Second

// Confirm makes sure that what this machine knows is current: that no other machine had begun
// to lead when the call began. A machine that was cut off, or stopped for a while, answers
// from its memory until it notices; so whatever depends on somebody's permissions comes after
// this. It rests on no clock: the time limit only says when to give up. A server alone is
// always sure.
func (s *Server) Confirm(ctx context.Context) error {
	if s.cluster == nil {
		return nil
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, fenceTime)
	defer cancel()
	if err := s.cluster.Confirm(ctx); err != nil {
		s.Log.DebugContext(ctx, "the lead could not be confirmed", "err", err)
		return errNotSure
	}
	if time.Since(began) >= fenceTime {
		return errNotSure
	}
	return nil
}

// fenced is Confirm, once for each request, also for what its handler reads from the store.
func (s *Server) fenced(c *fiber.Ctx) error {
	if s.cluster == nil || c.Locals(fencedKey) != nil {
		return nil
	}
	if err := s.Confirm(c.UserContext()); err != nil {
		return err
	}
	c.Locals(fencedKey, true)
	return nil
}

// InCluster reports whether this server is a machine of a cluster.
func (s *Server) InCluster() bool { return s.cluster != nil }

// take reports whether this machine answers a request by itself. Then Drain waits for done.
func (s *Server) take() (leads bool, done func()) {
	if s.cluster == nil {
		return true, nothingAtHand
	}
	s.atHand.Add(1) // first: whoever drains has said before that it does not lead
	if s.leads() {
		return true, func() { s.atHand.Add(-1) }
	}
	s.atHand.Add(-1)
	return false, nothingAtHand
}

func nothingAtHand() {}

// Hold makes Drain wait for an answer that goes on after its handler has returned, until release is
// called, once or more often. It does nothing if this machine answers it whether it leads or not.
func (s *Server) Hold(c *fiber.Ctx) (release func()) {
	if c.Locals(fencedKey) == nil {
		return nothingAtHand
	}
	s.atHand.Add(1)
	return sync.OnceFunc(func() { s.atHand.Add(-1) })
}

// drainLook is how often Drain looks.
const drainLook = 2 * time.Millisecond

// Drain waits until no request is being answered from this machine's own data, or ctx ends. What
// comes while Cluster.Leader says that this machine does not lead is forwarded, and not waited for.
func (s *Server) Drain(ctx context.Context) {
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for s.atHand.Load() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// leads reports whether this machine serves requests by itself.
func (s *Server) leads() bool {
	if s.cluster == nil {
		return true
	}
	_, here := s.cluster.Leader()
	return here
}

// anotherLeads reports whether another machine leads, as far as this one knows.
func (s *Server) anotherLeads() bool {
	if s.cluster == nil {
		return false
	}
	machine, here := s.cluster.Leader()
	return machine != "" && !here
}
