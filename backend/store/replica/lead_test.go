package replica

import (
	"testing"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// begins counts the entries with which machines have begun to lead.
func begins(t *testing.T, n *Node) (terms []uint64) {
	t.Helper()
	first, last := span(t, n)
	for i := first; i <= last; i++ {
		var l raft.Log
		if err := n.log.GetLog(i, &l); err != nil {
			t.Fatal(err)
		}
		if l.Type != raft.LogCommand {
			continue
		}
		if e, err := decodeEntry(l.Data); err != nil {
			t.Fatal(err)
		} else if e.kind == kindBegin {
			terms = append(terms, l.Term)
		}
	}
	return terms
}

// A machine is so slow to notice its elections that the entry for the first one is already
// of a later lead. Then raft tells it of that lead. It does not begin the same lead twice:
// whoever applies that second entry would wait for the batch in progress, which waits for
// whoever applies.
func TestALeadBeginsOnce(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	set(t, n, "before")
	told := make(chan bool, 8)
	n.OnLead(func(leads bool) { told <- leads })
	<-told
	n.elected <- false
	n.elected <- true
	for _, want := range []bool{false, true} {
		if got := <-told; got != want {
			t.Errorf("followers are told %v, want %v", got, want)
		}
	}
	c.leading()
	set(t, n, "after")
	if got := begins(t, n); len(got) != 1 {
		t.Errorf("it has begun in the terms %d", got)
	}
}

// The machine that leads first gives the cluster its name. The next one wins before it has
// applied that entry, and still believes in its own name: the cluster keeps the first.
func TestTheClusterKeepsItsName(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	set(t, n, "k")
	id := n.Identity()
	other := kv.Identity{Instance: "another", Epoch: 9}
	e, err := beginEntry(other)
	if err != nil {
		t.Fatal(err)
	}
	future := n.raft.Apply(e.encode(), 0)
	if err := future.Error(); err != nil {
		t.Fatal(err)
	}
	if got := future.Response().(applied); got.err != nil {
		t.Fatal(got.err)
	}
	if n.Identity() != id {
		t.Errorf("it is %+v, want %+v", n.Identity(), id)
	}
	c.close("a", false)
	if n := c.open("a", c.first); n.Identity() != id {
		t.Errorf("opened again, it is %+v, want %+v", n.Identity(), id)
	}
}
