package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// Machines are stopped with SIGSTOP and woken again, at random and for random times, and killed
// meanwhile, while clients change and read the same members through each of them. No order of the
// calls but a sound one explains what the clients were told and what the copies have. RUNS is how
// often it begins with new machines, ROUNDS how many of these faults each time has.
func TestPausesAndKills(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	random := rand.New(rand.NewPCG(seed(t), 0))
	for run := range number(t, "RUNS", 1) {
		t.Run(fmt.Sprint(run+1), func(t *testing.T) { pauseAndKill(t, random, rounds(t, 6)) })
	}
}

func pauseAndKill(t *testing.T, random *rand.Rand, rounds int) {
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	product.Begin(all[0], all[1:])
	w := newWriters(all, random.Uint64())
	defer w.end()
	for range rounds {
		who := random.Perm(len(all))
		a, b := all[who[0]], all[who[1]]
		rest := time.Duration(random.IntN(3000)) * time.Millisecond
		before, began := w.counts(), time.Now()
		what := ""
		switch random.IntN(6) {
		case 0:
			what = fmt.Sprintf("%s rests", a.Name)
			w.rest(rest, a)
		case 1, 2:
			a = product.Leading(t, all...)
			rest += 2 * time.Second // the others elect one, and go on
			what = fmt.Sprintf("%s, which leads, rests", a.Name)
			w.rest(rest, a)
		case 3:
			what = fmt.Sprintf("%s and %s rest", a.Name, b.Name)
			w.rest(rest, a, b)
		case 4:
			what = fmt.Sprintf("%s rests, and %s is killed", a.Name, b.Name)
			b.Kill()
			w.rest(rest, a)
			b.Serve()
		case 5:
			what = fmt.Sprintf("%s is killed", a.Name)
			a.Kill()
			time.Sleep(rest)
			a.Serve()
		}
		took := time.Since(began).Round(time.Millisecond)
		w.awaitKept(t)
		t.Logf("%s for %v: %s; the longest pause %v", what, took, w.counts().since(before), w.pause())
	}
	w.end()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}

// rest stops some machines for a while, before whose doors a crowd gathers meanwhile.
func (w *writers) rest(rest time.Duration, some ...*product.Machine) {
	for _, m := range some {
		m.Pause()
	}
	time.Sleep(rest)
	for _, m := range some {
		w.crowd(m)
	}
	for _, m := range some {
		m.Wake()
	}
}
