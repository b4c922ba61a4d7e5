package web

import (
	"io"
	"sync"
	"time"
)

// answers are those that other machines have begun, and that are being passed on. One that was
// begun by a machine that does not lead any more may never end: if that machine was stopped as it
// stands, or cut off, its connection stays open, and an event stream would stay silent for good.
// So an answer that has said nothing since its machine lost the lead is ended, after a while. What
// still comes is passed on.
type answers struct {
	cluster Cluster
	mu      sync.Mutex
	open    map[*answering]bool
	stop    chan struct{} // closed when none is left
}

// answersLook is how often the answers are looked at, while there are any.
const answersLook = 100 * time.Millisecond

func newAnswers(c Cluster) *answers { return &answers{cluster: c, open: map[*answering]bool{}} }

// An answering is the body of an answer. Close ends its request.
type answering struct {
	io.ReadCloser
	all     *answers
	machine string
	cancel  func()

	// The fields below are guarded by all.mu.
	reads  bool // somebody waits for what comes next
	silent time.Duration
}

// follow returns body, which machine sends, as one that is looked after until it is closed.
func (a *answers) follow(body io.ReadCloser, machine string, cancel func()) *answering {
	b := &answering{ReadCloser: body, all: a, machine: machine, cancel: cancel}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[b] = true
	if len(a.open) == 1 {
		a.stop = make(chan struct{})
		go a.look(a.stop)
	}
	return b
}

// look ends what is silent, until stop is closed.
func (a *answers) look(stop <-chan struct{}) {
	tick := time.NewTicker(answersLook)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.endSilent()
		case <-stop:
			return
		}
	}
}

// endSilent ends what has been silent for too long.
func (a *answers) endSilent() {
	leads, _ := a.cluster.Leader()
	a.mu.Lock()
	defer a.mu.Unlock()
	for b := range a.open {
		if b.silent += answersLook; b.machine == leads || !b.reads {
			b.silent = 0
		}
		if b.silent >= forwardGrace {
			b.cancel()
		}
	}
}

// Read waits for the next piece.
func (b *answering) Read(p []byte) (int, error) {
	b.turn(true)
	defer b.turn(false)
	return b.ReadCloser.Read(p)
}

func (b *answering) turn(reads bool) {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	b.reads, b.silent = reads, 0
}

// Close ends the answer, complete or not.
func (b *answering) Close() error {
	b.all.leave(b)
	b.cancel()
	return b.ReadCloser.Close()
}

func (a *answers) leave(b *answering) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open[b] {
		return // it was closed before
	}
	delete(a.open, b)
	if len(a.open) == 0 {
		close(a.stop)
	}
}
