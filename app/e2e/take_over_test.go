package e2e

import (
	"slices"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// The machine that leads is killed, and the next one is stopped in order, in turn, while clients
// change things at each machine. Another takes over by itself, and each copy has every change that
// was acknowledged, and none that was refused.
func TestAnotherTakesOver(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	product.Begin(all[0], all[1:])
	w := newWriters(all, seed(t))
	defer w.end()
	ways := []struct {
		name   string
		end    func(*product.Machine)
		pauses []time.Duration
	}{
		{"killed", (*product.Machine).Kill, nil},
		{"stopped", (*product.Machine).Stop, nil},
	}
	for round := range rounds(t, 4) {
		way := &ways[round%len(ways)]
		leads := product.Leading(t, all...)
		w.awaitKept(t)
		w.pause()
		way.end(leads)
		w.awaitKept(t)
		way.pauses = append(way.pauses, w.pause())
		leads.Serve()
		if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
			t.Fatal(err)
		}
	}
	w.end()
	for _, way := range ways {
		slices.Sort(way.pauses)
		t.Logf("%s: nothing was acknowledged for %v", way.name, way.pauses)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}
