package badger

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"doorward/backend/store/kv"
)

// watchBuffer is how many events wait for a reader before it has to resync instead.
const watchBuffer = 256

// A hub passes events to watchers. It never makes the writer wait: the writer puts events
// into each watcher's buffer, and one goroutine for each watcher sends them.
type hub struct {
	mu       sync.Mutex
	watchers []*watcher
	closed   bool
	done     chan struct{}
	running  sync.WaitGroup
}

type watcher struct {
	prefix []byte
	out    chan kv.Event
	wake   chan struct{}

	mu     sync.Mutex
	buffer []kv.Event
	missed bool
}

func newHub() *hub { return &hub{done: make(chan struct{})} }

// Watch implements Store.
func (b *Store) Watch(ctx context.Context, prefix []byte) (<-chan kv.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &watcher{prefix: bytes.Clone(prefix), out: make(chan kv.Event), wake: make(chan struct{}, 1)}
	if !b.hub.add(w) {
		return nil, errClosed
	}
	go func() {
		defer b.hub.remove(w)
		w.forward(ctx, b.hub.done)
	}()
	return w.out, nil
}

func (h *hub) add(w *watcher) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.watchers = append(h.watchers, w)
	h.running.Add(1)
	return true
}

func (h *hub) remove(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers = slices.DeleteFunc(h.watchers, func(o *watcher) bool { return o == w })
	close(w.out)
	h.running.Done()
}

func (h *hub) close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
	h.mu.Unlock()
	h.running.Wait()
}

func (h *hub) busy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers) > 0
}

func (h *hub) publish(events []kv.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.watchers {
		w.leave(events)
	}
}

// resync tells every watcher that everything may have changed.
func (h *hub) resync() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.watchers {
		w.mu.Lock()
		w.buffer, w.missed = nil, true
		w.mu.Unlock()
		w.leave(nil)
	}
}

// leave puts the events with w's prefix into its buffer. If there is no room, they and all
// waiting events are dropped, and w has to resync.
func (w *watcher) leave(events []kv.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range events {
		if w.missed || !bytes.HasPrefix(e.Key, w.prefix) {
			continue
		}
		if len(w.buffer) == watchBuffer {
			w.buffer, w.missed = nil, true
			continue
		}
		e.Key = bytes.Clone(e.Key)
		w.buffer = append(w.buffer, e)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// forward sends events until ctx ends or the store is closed.
func (w *watcher) forward(ctx context.Context, done <-chan struct{}) {
	for {
		for _, e := range w.collect() {
			select {
			case w.out <- e:
			case <-ctx.Done():
				return
			case <-done:
				return
			}
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		case <-done:
			return
		}
	}
}

// collect empties the buffer. The returned events are on their way to the reader; after a
// resync, new events are buffered again.
func (w *watcher) collect() []kv.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := w.buffer
	if w.missed {
		events = []kv.Event{{Resync: true}}
	}
	w.buffer, w.missed = nil, false
	return events
}
