package web

import (
	"context"
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

// fenced is Confirm, once for each request.
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

// leads reports whether this machine serves requests by itself.
func (s *Server) leads() bool {
	if s.cluster == nil {
		return true
	}
	_, here := s.cluster.Leader()
	return here
}
