package replica

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

func standings(t *testing.T, n *Node) map[string]Standing {
	t.Helper()
	s, err := n.Standings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keepsUp asks until a machine whose copy is complete says so. What another machine sent as a
// whole is in the copy a moment before the machine counts it.
func keepsUp(t *testing.T, leader *Node, id string) {
	t.Helper()
	var s Standing
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if s = standings(t, leader)[id]; s.Answers && s.Behind == 0 {
			return
		}
	}
	t.Fatalf("%s has everything, and stands as %+v", id, s)
}

// A machine that was added has no vote, and the leading one knows when it has caught up. Then
// it gets one, and loses both copy and vote when it is removed.
func TestAMachineComesAndGoes(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "one", "two")
	b := c.open("b", nil)
	if err := leader.Add(b.o.Self, false); err != nil {
		t.Fatal(err)
	}
	c.equal(leader)
	all, err := leader.Members()
	if want := []Member{{Peer{"a", "a"}, true}, {Peer{"b", "b"}, false}}; err != nil || !slices.Equal(all, want) {
		t.Errorf("the machines are %v, %v", all, err)
	}
	keepsUp(t, leader, "b")
	if err := leader.Add(b.o.Self, true); err != nil {
		t.Fatal(err)
	}
	if all, _ := leader.Members(); !all[1].Votes {
		t.Error("it has no vote")
	}
	if err := leader.Remove("b"); err != nil {
		t.Fatal(err)
	}
	if err := leader.Remove("b"); err != nil {
		t.Errorf("removed again: %v", err)
	}
	if all, _ := leader.Members(); len(all) != 1 {
		t.Errorf("the machines are %v", all)
	}
	set(t, leader, "alone") // needs nobody else
	if err := leader.Remove("a"); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("the leading machine removes itself: %v", err)
	}
}

// The leading machine goes on while another is cut off, and says that it does not answer; then
// by how much it lags.
func TestWhoIsCutOffDoesNotAnswer(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "first")
	c.net.isolate("c", true)
	set(t, leader, "second", "third")
	if s := standings(t, leader); !s["b"].Answers || s["c"].Answers || len(s) > 2 {
		t.Errorf("they stand as %+v", s)
	}
	c.net.isolate("c", false)
	c.equal(c.leading())
}

// A machine that does not lead can read its own copy, and nothing else; it knows who leads.
func TestAFollowerReadsItsOwnCopy(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "key")
	c.equal(leader)
	b := c.nodes["b"]
	found := false
	read := func(tx kv.Tx) error {
		_, err := tx.Get([]byte("key"))
		found = err == nil
		return err
	}
	if err := b.View(t.Context(), read); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("View = %v", err)
	}
	if err := b.ViewHere(t.Context(), read); err != nil || !found {
		t.Errorf("ViewHere = %v", err)
	}
	if b.LeaderAt() != leader.o.Self || !b.AwaitLeader(t.Context()) || !leader.AwaitLeader(t.Context()) {
		t.Errorf("%v leads", b.LeaderAt())
	}
	if _, err := b.Standings(t.Context()); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("it asks as if it led: %v", err)
	}
	if b.Applied() == 0 {
		t.Error("it has a copy, and has applied nothing")
	}
}

// Nobody leads, because a majority is missing: whoever waits for a leading machine waits no
// longer than it wants to.
func TestWaitingForALeaderEnds(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick})
	n := c.open("a", []Peer{{"a", "a"}, {"b", "b"}, {"c", "c"}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if n.AwaitLeader(ctx) {
		t.Error("a machine alone of three leads")
	}
}
