package main

import (
	"sync"
	"time"
)

// Memories are the anonymous memory of servers, looked at again and again.
type memories struct {
	mu      sync.Mutex
	pids    []int
	highest map[int]float64
	stop    chan struct{}
	ended   sync.WaitGroup
}

func watchMemories(of ...*product) *memories {
	w := &memories{highest: map[int]float64{}, stop: make(chan struct{})}
	for _, p := range of {
		w.add(p)
	}
	w.ended.Go(func() {
		every := time.NewTicker(250 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-every.C:
				w.look()
			}
		}
	})
	return w
}

func (w *memories) add(p *product) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pids = append(w.pids, p.pid())
}

// look leaves out servers that have ended.
func (w *memories) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pid := range w.pids {
		if m, err := memoryOf(pid); err == nil {
			w.highest[pid] = max(w.highest[pid], m.anonymous)
		}
	}
}

// end returns the highest of each.
func (w *memories) end() (all spread) {
	close(w.stop)
	w.ended.Wait()
	for _, v := range w.highest {
		all = append(all, v)
	}
	return all
}
