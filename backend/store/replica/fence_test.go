package replica

import (
	"sync"
	"testing"

	"doorward/backend/store/kv"
)

// One of three machines does not answer, nor refuse. Calls are answered all the same, and do
// not each leave a connection behind that waits for it.
func TestASilentMachineIsAskedOnce(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	c.close("c", false)
	c.net.mu.Lock()
	c.net.hole = "c"
	c.net.mu.Unlock()
	const clients, calls = 4, 50
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range calls {
				if err := leader.View(c.within(), func(kv.Tx) error { return nil }); err != nil {
					t.Errorf("View = %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	close(c.net.filled)
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	// Raft itself sends heartbeats and entries.
	if c.net.most > 1+4 {
		t.Errorf("%d connections waited at once", c.net.most)
	}
}
