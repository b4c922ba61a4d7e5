package replica

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
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

// A request makes sure of the lead, and then reads several times. The other machines are asked
// once. They are asked again for another request, for whoever asks Confirm itself, for an Update
// that is refused, and once another lead has begun.
func TestARequestAsksOnce(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	var rounds atomic.Int64
	n.fence.rounds.ask = func() verdict { rounds.Add(1); return n.judge() }
	refusal, ended := errors.New("refused"), make(chan bool, 1)
	n.OnLead(func(leads bool) {
		if !leads {
			ended <- true
		}
	})
	steps := map[string]func(ctx context.Context) error{
		"confirm": n.Confirm,
		"read":    func(ctx context.Context) error { return n.View(ctx, func(kv.Tx) error { return nil }) },
		"refuse": func(ctx context.Context) error {
			err := n.Update(ctx, kv.NewOp(), func(kv.Tx) error { return refusal })
			if errors.Is(err, refusal) {
				return nil
			}
			return err
		},
		"elect": func(context.Context) error {
			n.elected <- false
			n.elected <- true
			<-ended
			c.leading()
			return nil
		},
	}
	for _, tt := range []struct {
		name  string
		in    func(context.Context) context.Context
		steps []string
		want  int64
	}{
		{"a request", kv.InRequest, []string{"confirm", "read", "read", "read"}, 1},
		{"one that only reads", kv.InRequest, []string{"read", "read"}, 1},
		{"one that confirms again", kv.InRequest, []string{"confirm", "read", "confirm"}, 2},
		{"one that is refused", kv.InRequest, []string{"confirm", "refuse"}, 2},
		{"another lead", kv.InRequest, []string{"confirm", "elect", "read"}, 2},
		{"no request", context.WithoutCancel, []string{"confirm", "read", "read"}, 3},
	} {
		ctx := tt.in(c.within())
		before := rounds.Load()
		for _, step := range tt.steps {
			if err := steps[step](ctx); err != nil {
				t.Fatalf("%s: %s = %v", tt.name, step, err)
			}
		}
		if asked := rounds.Load() - before; asked != tt.want {
			t.Errorf("%s %v has asked %d times, want %d", tt.name, tt.steps, asked, tt.want)
		}
	}
}
