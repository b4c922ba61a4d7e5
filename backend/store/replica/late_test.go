package replica

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// copyOf is the copy that a leading machine would send now.
func copyOf(t *testing.T, leader *Node) (request raft.InstallSnapshotRequest, whole []byte) {
	t.Helper()
	meta, stream, err := leader.snapshots.openOwn()
	if err != nil {
		t.Fatal(err)
	}
	whole, err = io.ReadAll(stream)
	if err := errors.Join(err, stream.Close()); err != nil {
		t.Fatal(err)
	}
	self := leader.o.Self
	return raft.InstallSnapshotRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(self.ID),
			Addr: leader.transport.EncodePeer(raft.ServerID(self.ID), raft.ServerAddress(self.Address))},
		SnapshotVersion: meta.Version, Term: leader.lead.Load().term, LastLogIndex: meta.Index, LastLogTerm: meta.Term,
		Configuration: raft.EncodeConfiguration(meta.Configuration), ConfigurationIndex: meta.ConfigurationIndex,
		Size: meta.Size,
	}, whole
}

// sendCopy sends a copy to a machine, from itself: so no cut of the network is in the way.
func sendCopy(to *Node, request raft.InstallSnapshotRequest, whole io.Reader) (raft.InstallSnapshotResponse, error) {
	var answer raft.InstallSnapshotResponse
	self := to.o.Self
	id, at := raft.ServerID(self.ID), raft.ServerAddress(self.Address)
	err := to.transport.InstallSnapshot(id, at, &request, &answer, whole)
	return answer, err
}

// A copy comes a second time, long after the machine has gone on from the first: a message
// that was late on the network. Raft would replace everything by it and empty the log, in
// which there is what this machine has acknowledged. Then the leading machine dies, and
// only this one has it.
func TestACopyThatComesTooLate(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "before")
	c.equal(leader)
	c.close("b", true)
	request, late := copyOf(t, leader)
	for i := range 20 {
		set(t, leader, fmt.Sprint("k", i))
	}
	c.equal(leader)
	want := content(t, leader)
	c.net.isolate("a", true) // it must not mend what the copy does
	other := c.nodes["c"]
	answer, err := sendCopy(other, request, bytes.NewReader(late))
	if err == nil || answer.Success {
		t.Errorf("the copy was taken: %+v, %v", answer, err)
	}
	c.close("a", false)
	c.open("b", c.first)
	if got := content(t, c.elect(other)); got != want {
		t.Errorf("acknowledged, and lost: %s", difference(want, got))
	}
}

// A machine that does not know yet that it has lost the lead sends a batch while it gets a
// copy. Raft takes nothing until the copy is installed, and for that the batch must end.
func TestACopyComesDuringABatch(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "before")
	c.equal(leader)
	c.close("c", true)
	set(t, leader, "meanwhile")
	request, whole := copyOf(t, leader)
	want := content(t, leader)
	c.close("a", false)
	c.close("b", false)
	n := c.open("c", c.first)
	n.lead.Store(&lead{request.Term})
	r, w := io.Pipe()
	came := make(chan error, 1)
	go func() {
		_, err := sendCopy(n, request, r)
		came <- err
	}()
	half := len(whole) / 2
	if _, err := w.Write(whole[:half]); err != nil { // raft does nothing else now
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		answered <- n.Update(c.within(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("late"), nil) })
	}()
	for under := false; !under; {
		runtime.Gosched()
		n.flights.mu.Lock()
		under = n.flights.current != nil
		n.flights.mu.Unlock()
	}
	go func() { w.Write(whole[half:]); w.Close() }()
	within := c.within()
	for range 2 {
		select {
		case err := <-came:
			if err != nil {
				t.Errorf("the copy was not taken: %v", err)
			}
		case err := <-answered:
			if !errors.Is(err, kv.ErrUnavailable) && !errors.Is(err, kv.ErrUnknownOutcome) {
				t.Errorf("Update = %v", err)
			}
		case <-within.Done():
			t.Fatal("the copy and the batch wait for each other")
		}
	}
	if got := content(t, n); got != want {
		t.Errorf("it has another content: %s", difference(want, got))
	}
}

// A machine is paused while it sends a copy, as a virtual machine is, and its connections stay. The
// one that was to get the copy is needed for the majority, and must go on without it.
func TestTheSenderOfACopyIsPaused(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm, copyIdle: 100 * time.Millisecond}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "before")
	c.equal(leader)
	c.close("c", true)
	set(t, leader, "next")
	request, whole := copyOf(t, leader)
	r, w := io.Pipe()
	defer w.Close()
	came := make(chan error, 1)
	go func() {
		_, err := sendCopy(c.nodes["b"], request, r)
		came <- err
	}()
	if _, err := w.Write(whole[:len(whole)/2]); err != nil { // raft does nothing else now
		t.Fatal(err)
	}
	err := leader.Update(c.within(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("meanwhile"), nil) })
	if err != nil {
		t.Errorf("nothing is acknowledged while the sender is paused: %v", err)
	}
	w.CloseWithError(io.ErrUnexpectedEOF)
	if err := <-came; err == nil {
		t.Error("half a copy was taken")
	}
	c.equal(leader)
}

// Which copies a machine takes: those that lead on, and the same place once more, which is
// how the other one learns that it has come.
func TestWhichCopiesAreNeeded(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	for i := range 5 {
		set(t, n, fmt.Sprint("k", i))
	}
	p, err := n.engine.Progress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := p.Applied
	tests := []struct {
		name   string
		at     kv.Position
		needed bool
	}{
		{"of an entry before the last", kv.Position{Index: at.Index - 1, Term: at.Term}, false},
		{"of an entry before the last, that another has", kv.Position{Index: at.Index - 1, Term: at.Term + 1}, false},
		{"of the last entry", at, true},
		{"of the next entry", kv.Position{Index: at.Index + 1, Term: at.Term}, true},
	}
	for _, tt := range tests {
		if err := n.needs(tt.at); (err == nil) != tt.needed {
			t.Errorf("a copy %s: %v", tt.name, err)
		}
	}
	// It has acknowledged three more, of which it does not know yet that all have them.
	for i := range uint64(3) {
		l := raft.Log{Index: at.Index + 1 + i, Term: at.Term, Type: raft.LogNoop}
		if err := n.log.StoreLog(&l); err != nil {
			t.Fatal(err)
		}
	}
	tests = []struct {
		name   string
		at     kv.Position
		needed bool
	}{
		{"of the last entry that is applied", at, false},
		{"of one that it has acknowledged", kv.Position{Index: at.Index + 2, Term: at.Term}, false},
		{"of one that it has in another form", kv.Position{Index: at.Index + 2, Term: at.Term + 1}, false},
		{"of the last, in another form", kv.Position{Index: at.Index + 3, Term: at.Term + 1}, false},
		{"of one behind its log", kv.Position{Index: at.Index + 4, Term: at.Term + 1}, true},
		{"of the last one that it has acknowledged", kv.Position{Index: at.Index + 3, Term: at.Term}, true},
	}
	for _, tt := range tests {
		if err := n.needs(tt.at); (err == nil) != tt.needed {
			t.Errorf("a copy %s, with three more in the log: %v", tt.name, err)
		}
	}
	c.close("a", false)
}

// The first start was killed after raft had written its first term, and before it had
// written who the machines are. The next start begins again.
func TestAFirstStartThatWasKilled(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm})
	c.first = []Peer{{"a", "a"}}
	n := c.open("a", nil) // it waits to be added
	if err := n.log.SetUint64(currentTerm, firstTerm); err != nil {
		t.Fatal(err)
	}
	c.close("a", false)
	n = c.open("a", c.first)
	if n.raft.GetConfiguration().Configuration().Servers == nil {
		t.Fatal("it knows of no machine")
	}
	set(t, c.elect(n), "k")
}
