package events

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

// The limits of event streams, and their intervals.
const (
	maxStreamsEach = 8    // of one member or token
	maxStreams     = 2000 // in all
	streamBuffer   = 128  // changes that wait for a client before it is told to reload
	beatEvery      = 20 * time.Second
	overviewEvery  = 200 * time.Millisecond
)

// A hub passes committed changes to event streams. All streams share one watch of
// the store, which runs while there is a stream. The watch never waits: a stream
// whose buffer is full is told to reload, and ends.
type hub struct {
	service  *service.Service
	confirm  func(context.Context) error // makes sure that what this machine knows is current
	overview func(context.Context) ([]byte, error)
	position func() string
	log      *slog.Logger
	stopped  context.Context                                          // ends when the server stops
	every    func(time.Duration) (tick <-chan time.Time, stop func()) // a ticker

	mu      sync.Mutex
	streams map[*stream]bool
	each    map[string]int // streams by owner
	stop    context.CancelFunc
}

// An event is one change on its way to a stream. data is the overview's content.
type event struct {
	topic, id string
	data      []byte
	at        string // the server's position, not before this change
}

func newHub(s *web.Server, overview func(context.Context) ([]byte, error)) *hub {
	h := &hub{
		service:  s.Service,
		confirm:  s.Confirm,
		overview: overview,
		position: s.Position,
		log:      s.Log,
		stopped:  s.Context(),
		streams:  map[*stream]bool{},
		each:     map[string]int{},
		every: func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		},
	}
	cancel := s.Service.OnLead(func(leads bool) {
		if !leads {
			h.endAll()
		}
	})
	context.AfterFunc(h.stopped, cancel)
	return h
}

// endAll ends the streams of a machine that does not lead any more: it may not say who may
// still listen. The clients come back, and are forwarded.
func (h *hub) endAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropAll()
}

func (h *hub) dropAll() {
	for st := range h.streams {
		h.drop(st)
	}
}

// add registers a stream: from then on it misses no change. It refuses where its
// owner, or all together, have too many.
func (h *hub) add(st *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped.Err() != nil:
		return access.Errorf(access.Unavailable, "The server is shutting down. Try again in a few seconds.").
			WithCode("busy")
	case len(h.streams) >= maxStreams:
		return web.Busy()
	case h.each[st.owner] >= maxStreamsEach:
		return access.Errorf(access.TooMany, "You already have %d event streams. Close one first.",
			maxStreamsEach).WithCode("too_many_streams")
	}
	if len(h.streams) == 0 {
		if err := h.watch(); err != nil {
			return err
		}
	}
	h.streams[st] = true
	h.each[st.owner]++
	return nil
}

// remove unregisters a stream. It may be called twice.
func (h *hub) remove(st *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(st)
}

func (h *hub) drop(st *stream) {
	if !h.streams[st] {
		return
	}
	delete(h.streams, st)
	if h.each[st.owner]--; h.each[st.owner] == 0 {
		delete(h.each, st.owner)
	}
	close(st.news)
	if len(h.streams) == 0 {
		h.stop()
	}
}

// watch starts the one watch of the store.
func (h *hub) watch() error {
	ctx, stop := context.WithCancel(h.stopped)
	changes, err := h.service.Watch(ctx)
	if err != nil {
		stop()
		return err
	}
	h.stop = stop
	go h.pass(ctx, changes)
	return nil
}

// pass passes changes to the streams until the watch ends. Counts change with
// almost everything, so they are sent at most five times a second.
func (h *hub) pass(ctx context.Context, changes <-chan service.Change) {
	var later <-chan time.Time
	var told time.Time
	for {
		select {
		case c, open := <-changes:
			if !open {
				h.lost(ctx)
				return
			}
			if c.Topic != topicOverview {
				h.publish(event{topic: string(c.Topic), id: c.ID})
				continue
			}
			if later == nil {
				later = time.After(max(0, overviewEvery-time.Since(told)))
			}
		case <-later:
			later, told = nil, time.Now()
			data, err := h.overview(ctx)
			if err == nil {
				h.publish(event{topic: topicOverview, data: data})
			} else if ctx.Err() == nil {
				h.log.Error("the overview could not be read for events", "err", err)
			}
		}
	}
}

// lost ends the streams after the watch has ended unexpectedly.
func (h *hub) lost(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil && h.stopped.Err() == nil {
		return // the last stream ended; new ones may exist by now
	}
	h.dropAll()
}

// publish sends a change to every stream. A stream without room for it is closed:
// its client is told to reload.
func (h *hub) publish(n event) {
	n.at = h.position()
	h.mu.Lock()
	defer h.mu.Unlock()
	for st := range h.streams {
		select {
		case st.news <- n:
		default:
			h.drop(st)
		}
	}
}

// checkStreams asks the gate whether a stream may go on, and with which
// principal. It does not count as use of the session.
func (h *hub) checkStreams(ctx context.Context, st *stream) error {
	if err := h.confirm(ctx); err != nil {
		return err
	}
	if st.who == nil {
		return nil // the operator
	}
	who := h.service.Gate.Listener
	if st.who.Actor.Token != "" {
		who = h.service.Gate.TokenPrincipal
	}
	p, err := who(ctx, st.secret)
	if err == nil {
		st.who = p
	}
	return err
}
