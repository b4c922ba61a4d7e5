package replica

import (
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// A machine gets a copy that is older than the value that is waited for, and then the entry
// with it: only then has the value arrived. The copy alone, which tells watchers that
// everything may have changed, was once taken for it.
func TestACopyIsNoSignOfALaterEntry(t *testing.T) {
	var batches [][]byte
	leader, err := badger.Open(badger.Options{
		Send: func(_ []kv.OpID, writes []byte, commit func(kv.Position) error) error {
			batches = append(batches, writes)
			return commit(kv.Position{Index: uint64(len(batches)), Term: 1})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer leader.Close()
	follower, err := badger.Open(badger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	write := func(key string) {
		t.Helper()
		err := leader.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte(key), []byte("v")) })
		if err != nil {
			t.Fatal(err)
		}
	}
	events, err := follower.Watch(t.Context(), []byte("mark"))
	if err != nil {
		t.Fatal(err)
	}
	write("before")
	install(t, leader, follower)
	write("mark")
	seen := make(chan kv.Event)
	arrived := make(chan string, 1)
	go func() {
		arrives(t, follower, seen, "mark", "v")
		arrived <- content(t, follower)
	}()
	e := <-events
	if !e.Resync {
		t.Fatalf("the copy was announced as %+v", e)
	}
	for range 2 { // it takes the second one after it has looked, and not found it
		select {
		case seen <- e:
		case got := <-arrived:
			t.Fatalf("it has arrived in %s", got)
		}
	}
	go func() {
		for e := range events {
			seen <- e
		}
	}()
	if err := follower.Apply(kv.Position{Index: 2, Term: 1}, batches[1]); err != nil {
		t.Fatal(err)
	}
	if got, want := <-arrived, content(t, leader); got != want {
		t.Errorf("it has arrived in %s, want %s", got, want)
	}
}

// install gives one store a copy of another.
func install(t *testing.T, from, to *badger.Store) {
	t.Helper()
	c, err := from.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := to.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Each(t.Context(), r.Add); err != nil {
		t.Fatal(err)
	}
	if err := r.Install(t.Context(), c.Progress, c.Identity); err != nil {
		t.Fatal(err)
	}
}
