package e2e

import (
	"math/rand/v2"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A fault is what a network does for a while.
type fault struct {
	name  string
	begin func(n *network, a, b int)
}

var networkFaults = []fault{
	{"one way is lost", func(n *network, a, b int) { n.loses(a, b) }},
	{"one machine is heard by nobody", func(n *network, a, _ int) {
		for i := range n.all {
			n.loses(a, i)
		}
	}},
	{"one machine hears nobody", func(n *network, a, _ int) {
		for i := range n.all {
			n.loses(i, a)
		}
	}},
	{"one machine is cut off", func(n *network, a, _ int) { n.cut(a) }},
	{"two machines are slow", func(n *network, a, b int) { n.slow(a); n.slow(b) }},
	{"no machine reaches another", func(n *network, _, _ int) {
		for i := range n.all {
			n.cut(i)
		}
	}},
	{"a line flaps", func(n *network, a, _ int) {
		for range 10 {
			n.cut(a)
			n.heal()
		}
		n.cut(a)
	}},
}

// Three machines are on a network that loses, delays, and comes and goes, while clients change
// things at each of them. Afterwards each copy has every change that was acknowledged, and none
// that was refused; and the three are equal. make test-cluster-long does it for long.
func TestBadNetwork(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	n := newNetwork(t, "one", "two", "three")
	product.Begin(n.all[0], n.all[1:])
	random := rand.New(rand.NewPCG(seed(t), 0))
	w := newWriters(n.all, random.Uint64())
	defer w.end()
	for round := range rounds(t, len(networkFaults)) {
		f := networkFaults[round%len(networkFaults)]
		who := random.Perm(len(n.all))
		before := w.counts()
		f.begin(n, who[0], who[1])
		w.await(t, "everybody has tried", 3)
		n.heal()
		w.awaitKept(t)
		t.Logf("%s: %s; the longest pause %v", f.name, w.counts().since(before), w.pause())
	}
	w.end()
	equal := func() error { return haveAll(n.all) }
	if err := product.Eventually("each machine has everything", equal); err != nil {
		t.Fatal(err)
	}
	for _, m := range n.all {
		m.Stop()
	}
	w.judge(t, n.all)
}
