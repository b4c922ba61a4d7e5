package replica

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/backend/store/kv/kvtest"
)

// files are the logs of a machine's engine, by their paths in its directory.
type files map[string][]byte

func (c *cluster) engineLogs(name string) files {
	c.t.Helper()
	found, root := files{}, os.DirFS(c.storeDir(name))
	err := fs.WalkDir(root, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".mem" {
			return err
		}
		found[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return found
}

// copyOf copies the directories of all machines, as they are.
func (c *cluster) copyOf(names ...string) *cluster {
	c.t.Helper()
	other := newCluster(c.t, c.o)
	other.first = c.first
	for _, name := range names {
		for _, end := range []string{"", ".log"} {
			to := other.storeDir(name) + end
			if err := os.CopyFS(to, os.DirFS(c.storeDir(name)+end)); err != nil {
				c.t.Fatal(err)
			}
			err := filepath.WalkDir(to, func(path string, e fs.DirEntry, err error) error {
				if err == nil && e.IsDir() {
					err = os.Chmod(path, 0o700)
				}
				return err
			})
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
	return other
}

// lose leaves of the engine's logs what was on the disk, and parts of the rest.
func (c *cluster) lose(name string, onDisk files, keep func() bool) (lost int) {
	c.t.Helper()
	const page = 512
	for path, now := range c.engineLogs(name) {
		left := append(bytes.Clone(onDisk[path]), make([]byte, len(now))...)[:len(now)]
		for at := 0; at < len(now); at += page {
			if end := min(at+page, len(now)); keep() {
				copy(left[at:end], now[at:end])
			}
		}
		if !bytes.Equal(left, now) {
			lost++
		}
		if err := os.WriteFile(filepath.Join(c.storeDir(name), path), left, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return lost
}

// The power fails on all machines at once. Their engines lose what they have not synced since
// they let the log be cut: it comes again from the log, whoever leads, and also if only one
// machine is left.
func TestAPowerCutLosesNothing(t *testing.T) {
	names := []string{"a", "b", "c"}
	c := newCluster(t, Options{Heartbeat: calm, trailing: 1}, names...)
	leader := c.elect(c.nodes["a"])
	some := func(what string) {
		for i := range 40 {
			set(t, leader, fmt.Sprintf("%s%d=%s", what, i, strings.Repeat(what, 300)), "shared=of "+fmt.Sprint(what, i))
		}
		c.equal(leader)
	}
	some("before")
	onDisk := map[string]files{}
	for _, n := range c.running() {
		if err := n.raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		if first, err := n.log.FirstIndex(); err != nil || first < 40 {
			t.Fatalf("the log begins with entry %d, %v", first, err)
		}
		onDisk[n.o.Self.ID] = c.engineLogs(n.o.Self.ID)
	}
	some("after")
	want := content(t, leader)
	r := rand.New(rand.NewPCG(kvtest.Seed(t), 3))
	for _, share := range []float64{0, 0.5, 0.9} {
		cut := c.copyOf(names...)
		for _, name := range names {
			if cut.lose(name, onDisk[name], func() bool { return r.Float64() < share }) == 0 {
				t.Errorf("%s has lost nothing", name)
			}
		}
		alone := cut.copyOf("b")
		for _, name := range names {
			cut.open(name, cut.first)
		}
		next := cut.elect(cut.nodes[names[r.IntN(3)]])
		if got := content(t, next); got != want {
			t.Errorf("%v of the rest was on the disk: %s", share, difference(want, got))
		}
		cut.equal(next)
		if err := Recover(alone.optionsOf("b")); err != nil {
			t.Fatal(err)
		}
		if got := content(t, alone.elect(alone.open("b", nil))); got != want {
			t.Errorf("%v of the rest was on the disk of one that goes on alone: %s", share, difference(want, got))
		}
	}
}
