package replica

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// optionsOf are those of a machine that is stopped.
func (c *cluster) optionsOf(name string) Options {
	return Options{Config: kv.Config{Dir: c.storeDir(name), MinFree: 1, Logger: slog.New(slog.DiscardHandler)},
		Self: Peer{name, name}}
}

// Two of three machines are lost for good. The third goes on alone with all that was
// acknowledged, and others join it anew; also if it is done twice, as after a crash.
func TestAMachineGoesOnAlone(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	leader := c.leading()
	set(t, leader, "before")
	c.equal(leader)
	for _, name := range []string{"a", "b", "c"} {
		c.close(name, false)
	}
	for range 2 {
		if err := Recover(c.optionsOf("b")); err != nil {
			t.Fatal(err)
		}
	}
	leader = c.elect(c.open("b", nil))
	if got := content(t, leader); !strings.Contains(got, `"before"=`) {
		t.Errorf("it has %s", got)
	}
	set(t, leader, "alone")
	all, err := leader.Members()
	if err != nil || len(all) != 1 || all[0].ID != "b" || !all[0].Votes {
		t.Errorf("the machines are %v, %v", all, err)
	}
	if err := leader.Add(c.open("d", nil).o.Self, true); err != nil {
		t.Fatal(err)
	}
	set(t, leader, "with another")
	c.equal(leader)
	c.close("b", true)
	c.elect(c.open("b", nil)) // the next start is one like any other
}

// What only the log has is applied before the log goes: it was acknowledged, and the store was
// perhaps not there yet when the machine died.
func TestWhatOnlyTheLogHasIsKept(t *testing.T) {
	for name, do := range map[string]func(Options) error{"recover": Recover, "separate": Separate} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, Options{Heartbeat: calm}, "a")
			n := c.elect(c.nodes["a"])
			set(t, n, "first")
			c.close("a", true)
			old := t.TempDir()
			if err := os.CopyFS(old+"/store", os.DirFS(c.storeDir("a"))); err != nil {
				t.Fatal(err)
			}
			n = c.elect(c.open("a", nil))
			set(t, n, "second")
			c.close("a", true)
			if err := errors.Join(os.RemoveAll(c.storeDir("a")), os.Rename(old+"/store", c.storeDir("a"))); err != nil {
				t.Fatal(err)
			}
			if err := do(c.optionsOf("a")); err != nil {
				t.Fatal(err)
			}
			if got := alone(t, c.storeDir("a")); !strings.Contains(got, `"first"=`) || !strings.Contains(got, `"second"=`) {
				t.Errorf("it has %s", got)
			}
		})
	}
}

// alone is what a server alone finds in a store.
func alone(t *testing.T, dir string) string {
	t.Helper()
	b, err := badger.Open(badger.Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	return content(t, b)
}

// A machine's copy becomes the store of a server alone, and can become the first of another
// cluster. It can be done again after a crash at any point: after the store was separated the
// log is still there.
func TestACopyBecomesAServerAlone(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	leader := c.leading()
	set(t, leader, "kept")
	c.equal(leader)
	before := content(t, c.nodes["c"])
	for _, name := range []string{"a", "b", "c"} {
		c.close(name, false)
	}
	o := c.optionsOf("c")
	log := t.TempDir()
	if err := os.CopyFS(log+"/log", os.DirFS(o.Dir+".log")); err != nil {
		t.Fatal(err)
	}
	if err := Separate(o); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(log+"/log", o.Dir+".log"); err != nil {
		t.Fatal(err)
	}
	if err := Separate(o); err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	if _, err := os.Stat(o.Dir + ".log"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left: %v", err)
	}
	if got := alone(t, o.Dir); got != before {
		t.Errorf("it has %s", difference(before, got))
	}
	leader = c.elect(c.open("c", []Peer{{"c", "c"}}))
	set(t, leader, "again")
}

// A machine that has no copy yet cannot go on alone with it.
func TestNothingIsRecoveredFromNothing(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm})
	c.open("a", nil)
	c.close("a", false)
	if err := Recover(c.optionsOf("a")); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Recover = %v", err)
	}
}
