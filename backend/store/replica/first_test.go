package replica

import (
	"errors"
	"strings"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// fill makes the store of a server alone, which has one key.
func fill(t *testing.T, dir string) kv.Identity {
	t.Helper()
	b, err := badger.Open(badger.Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("old"), []byte("kept")) })
	id := b.Identity()
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	return id
}

// A server alone becomes the first machine of a cluster, and others are added: they have
// what it had before, of which the log knows nothing, and its name.
func TestAClusterBeginsWithWhatTheFirstHas(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm})
	c.first = []Peer{{"a", "a"}}
	id := fill(t, c.storeDir("a"))
	leader := c.elect(c.open("a", c.first))
	for _, name := range []string{"b", "c"} {
		if err := leader.Add(c.open(name, nil).o.Self, true); err != nil {
			t.Fatal(err)
		}
	}
	set(t, leader, "new")
	c.equal(leader)
	for _, n := range c.running() {
		if got := content(t, n); !strings.Contains(got, `"old"="kept"`) || n.Identity() != id {
			t.Errorf("%s is %+v, and has %s", n.o.Self.ID, n.Identity(), got)
		}
	}
	c.close("a", true)
	leader = c.leading()
	set(t, leader, "later")
	c.open("a", c.first)
	c.equal(leader)
}

// One of several first machines, and one that waits to be added, must have an empty store:
// nobody else would ever have what is in it.
func TestWhatNobodyElseWouldHaveIsRefused(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm})
	for name, first := range map[string][]Peer{
		"several": {{"several", "several"}, {"b", "b"}, {"c", "c"}},
		"joins":   nil,
	} {
		fill(t, c.storeDir(name))
		for range 2 { // nor at a second try
			if _, err := c.tryOpen(name, first); !errors.Is(err, kv.ErrNotEmpty) {
				t.Errorf("%s: Open = %v", name, err)
			}
		}
	}
}
