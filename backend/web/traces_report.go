package web

import (
	"context"
	"time"
)

// RunTraces logs and stores at intervals what was noticed, until ctx ends. Close
// stores what came after the last beat.
func (s *Server) RunTraces(ctx context.Context) {
	tick := time.NewTicker(noticeInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.traces.beat(s.traces.now())
			s.keepTraces(ctx)
		}
	}
}

// keepTraces passes what was noticed to the service. If that fails, the counts
// are kept for the next time. What a machine notices while another one leads is only
// logged: if it were kept, it would seem to have just happened when this one leads.
func (s *Server) keepTraces(ctx context.Context) {
	all := s.traces.take()
	if s.anotherLeads() {
		return
	}
	if err := s.Service.Dashboard.Notice(ctx, all); err != nil {
		s.traces.putBack(all)
		if ctx.Err() == nil {
			s.Log.DebugContext(ctx, "unusual events could not be kept yet", "err", err)
		}
	}
}
