package web

import (
	"context"
	"crypto/rand"
	"sync/atomic"

	"doorward/backend/service"
)

// PositionHeader is the header that says how far the server was when it began to answer.
const PositionHeader = "Doorward-Position"

// A position counts the commits that event streams report. An answer that was begun at a
// position has everything up to it; a stream that begins at the same one misses nothing that
// the answer does not have.
type position struct {
	run string // of this process: positions of two are not comparable
	n   atomic.Uint64
}

// follow counts until ctx ends. A commit is counted before anybody is told of it.
func (p *position) follow(ctx context.Context, s *service.Service) {
	p.run = rand.Text()[:8]
	cancel := s.OnReported(func() { p.n.Add(1) })
	context.AfterFunc(ctx, cancel)
}
