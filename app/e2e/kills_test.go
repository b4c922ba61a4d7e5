package e2e

import (
	"slices"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// The machine that leads, and then another, is killed with -9 under sixteen clients, KILLS times, and
// started again. Each copy has every invitation that was acknowledged, and none that was refused. KEPT
// invitations are acknowledged before each kill. The run that counts is KILLS=100 KEPT=1000, which
// make test-cluster-long does.
func TestKillsOfMachines(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	kills, enough := number(t, "KILLS", 4), number(t, "KEPT", 100)
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	product.Begin(all[0], all[1:])
	w := newInviters(all, 16)
	defer w.end()
	ways := []struct {
		name   string
		pauses []time.Duration
	}{{"that leads", nil}, {"that follows", nil}}
	for round := range kills {
		w.awaitMore(t, enough)
		err := product.Eventually("no machine lacks much", func() error { return haveNearly(all, 64) })
		if err != nil {
			t.Fatal(err)
		}
		victim := product.Leading(t, all...)
		if round%2 == 1 {
			victim = all[(slices.Index(all, victim)+1+round/2%2)%len(all)]
		}
		w.pause()
		victim.Kill()
		w.awaitKept(t)
		ways[round%2].pauses = append(ways[round%2].pauses, w.pause())
		victim.Serve()
	}
	w.awaitKept(t)
	w.end()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		slices.Sort(way.pauses)
		n := len(way.pauses)
		t.Logf("the machine %s was killed %d times; nothing was acknowledged for %v to %v, the median %v", way.name, n,
			way.pauses[0], way.pauses[n-1], way.pauses[n/2])
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}
