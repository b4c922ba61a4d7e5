package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/build/need"
)

const (
	manyKeys  = 20_000 // of a kilobyte each, so that a copy takes a while
	roundKeys = 100    // which one change sets to the same
)

// A machine is killed with -9 while it gets a copy of everything, sooner or later in its course, 20
// times: what it has then is what it had before, or the copy, and never a part of it. CUTS=100 does
// so more often.
func TestACopyIsKilledHalfWay(t *testing.T) {
	need.Time(t)
	leader := ofMany(t)
	h := &herd{t: t, tell: make(chan string, 1<<16)}
	b := machineConfig{Dir: filepath.Join(t.TempDir(), "b"), Self: Peer{"b", need.Address(t)}}
	whole := copied(t, leader, h, b, 1, time.Hour) // how long a copy takes
	cuts, had, outcomes := number("CUTS", 20), 1, map[string]int{}
	if got := roundOf(t, b.Dir); got != had {
		t.Fatalf("it begins at %d", got)
	}
	for i := 2; i <= cuts+1; i++ {
		copied(t, leader, h, b, i, whole*time.Duration(i)/time.Duration(cuts))
		switch got := roundOf(t, b.Dir); {
		case got == had:
			outcomes["as before"]++
		case got > had && got <= i: // one that was begun before the last kill can still come after it
			outcomes["the copy"]++
			had = got
		default:
			t.Fatalf("after kill %d it is at %d, and was at %d", i-1, got, had)
		}
	}
	t.Logf("a copy takes %v; of %d that were killed, what was left is: %v", whole, cuts, outcomes)
	copied(t, leader, h, b, cuts+2, time.Hour)
	if got := roundOf(t, b.Dir); got != cuts+2 {
		t.Errorf("it is at %d in the end, want %d", got, cuts+2)
	}
}

// ofMany is a machine that leads alone, with many keys.
func ofMany(t *testing.T) *Node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	self := Peer{"a", l.Addr().String()}
	o := Options{Self: self, First: []Peer{self}, Listener: l, trailing: 1}
	o.Dir, o.MinFree, o.Logger = filepath.Join(t.TempDir(), "a"), 1, slog.New(slog.DiscardHandler)
	alone, err := badger.Open(badger.Options{Config: o.Config})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	err = alone.Load(t.Context(), func() (kv.KV, error) {
		if i++; i > manyKeys {
			return kv.KV{}, io.EOF
		}
		return kv.KV{Key: fmt.Appendf(nil, "many/%06d", i), Value: make([]byte, 1<<10)}, nil
	})
	if err := errors.Join(err, alone.Close()); err != nil {
		t.Fatal(err)
	}
	n, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	leads := make(chan bool, 8)
	n.OnLead(func(now bool) { leads <- now })
	for !<-leads {
	}
	serves(n)
	return n
}

// copied changes something, cuts the log, and has a machine get a copy, which is killed after some
// time or once it has it all. It returns how long that took.
func copied(t *testing.T, leader *Node, h *herd, c machineConfig, round int, after time.Duration) time.Duration {
	t.Helper()
	err := leader.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) (err error) {
		for i := range roundKeys {
			err = errors.Join(err, tx.Set(fmt.Appendf(nil, "round/%d", i), fmt.Append(nil, round)))
		}
		return err
	})
	if err == nil {
		err = leader.cutLog(t.Context(), leader.engine.Applied())
	}
	if err != nil {
		t.Fatal(err)
	}
	p := h.start(c)
	began := time.Now()
	if err := leader.Add(c.Self, false); err != nil {
		t.Fatal(err)
	}
	at := leader.engine.Applied()
	for time.Since(began) < min(after, patience) {
		standings, err := leader.Standings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s := standings[c.Self.ID]; s.Answers && leader.raft.LastIndex()-s.Behind >= at && s.Behind == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd.Wait()
	if err := leader.Remove(c.Self.ID); err != nil { // so that it is tried again at once
		t.Fatal(err)
	}
	return took
}

// roundOf opens what is left of a machine, and returns what its copy is of; zero: it is empty.
func roundOf(t *testing.T, dir string) int {
	t.Helper()
	s, err := badger.Open(badger.Options{Config: kv.Config{Dir: dir, MinFree: 1}, Send: sendNothing})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	many, rounds := 0, map[string]int{}
	err = s.Each(t.Context(), nil, func(key, value []byte) error {
		if string(key[:4]) == "many" {
			many++
		} else {
			rounds[string(value)]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if many == 0 && len(rounds) == 0 {
		return 0
	}
	round := 0
	for value, n := range rounds {
		if _, err := fmt.Sscan(value, &round); err != nil || n != roundKeys || len(rounds) > 1 || many != manyKeys {
			t.Fatalf("it has %d of %d keys, and of the others %v", many, manyKeys, rounds)
		}
	}
	return round
}
