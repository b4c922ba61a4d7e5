package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// withTables makes three machines that have tables: with some members, each was stopped and started.
func withTables(t *testing.T) ([]*product.Machine, *writers) {
	t.Helper()
	need.Time(t)
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	product.Begin(all[0], all[1:])
	w := newInviters(all, 16)
	w.awaitMore(t, 500)
	w.end()
	for _, m := range all {
		if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
			t.Fatal(err)
		}
		m.Stop()
		m.Serve()
	}
	return all, w
}

// damage changes bytes in the middle of every table of a machine, as a disk does that fails.
func damage(t *testing.T, m *product.Machine) {
	t.Helper()
	tables := 0
	err := filepath.WalkDir(filepath.Join(m.Dir, "store"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".sst" {
			return err
		}
		tables++
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		at := info.Size() / 2
		part := make([]byte, min(64, info.Size()-at))
		if _, err := f.ReadAt(part, at); err != nil {
			return err
		}
		for i := range part {
			part[i] ^= 0xff
		}
		_, err = f.WriteAt(part, at)
		return err
	})
	if err != nil || tables == 0 {
		t.Fatalf("%d tables were damaged, %v", tables, err)
	}
}

// onlyHarmed looks whether verify on each machine, and the doctor and the list of machines on each,
// say whose copy is damaged.
func onlyHarmed(t *testing.T, all []*product.Machine, harmed *product.Machine) {
	t.Helper()
	for _, m := range all {
		out, err := m.Try("verify")
		if (err == nil) == (m == harmed) || m == harmed && !strings.Contains(err.Error(), "cluster rejoin") {
			t.Errorf("verify on %s: %s, %v", m.Name, out, err)
		}
	}
	for _, m := range all {
		out, _ := m.Try("doctor") // which fails, as something is wrong
		for _, line := range strings.Split(out, "\n") {
			for _, other := range all {
				about := strings.Contains(line, "machine "+other.Name)
				if about && strings.Contains(line, "damaged") != (other == harmed) {
					t.Errorf("the doctor on %s says: %s", m.Name, line)
				}
			}
		}
		seen, err := m.Machines()
		if err != nil || len(seen) != len(all) {
			t.Errorf("the list on %s: %+v, %v", m.Name, seen, err)
		}
		for _, s := range seen {
			if s.Damaged != (s.Name == harmed.Name) {
				t.Errorf("the list on %s says that the copy of %s is damaged: %v", m.Name, s.Name, s.Damaged)
			}
		}
	}
}

// mend removes a machine and lets it join again.
func mend(t *testing.T, all []*product.Machine, harmed *product.Machine) {
	t.Helper()
	harmed.Kill()
	var others []*product.Machine
	for _, m := range all {
		if m != harmed {
			others = append(others, m)
		}
	}
	leads := product.Leading(t, others...)
	leads.Do("cluster", "remove", harmed.Name)
	if err := os.RemoveAll(filepath.Join(harmed.Dir, "doorward.cluster.before")); err != nil { // of the last time
		t.Fatal(err)
	}
	harmed.Rejoin(leads)
	leads.Await(func(seen []product.Seen) bool {
		n := 0
		for _, s := range seen {
			if s.Role == "voter" && (s.Leads || s.Answers) {
				n++
			}
		}
		return n == len(all)
	})
}

// A machine that follows was stopped, and its disk has changed some bytes: it does not start, and says
// what is damaged. Then the same while it runs: verify there says so, and nowhere else, and so does
// the doctor on each machine. Each time it gets a new copy from the others, and has everything.
func TestDamagedFollowerIsMended(t *testing.T) {
	t.Parallel()
	together(t)
	all, w := withTables(t)
	leads := product.Leading(t, all...)
	harmed := all[0]
	if harmed == leads {
		harmed = all[1]
	}
	harmed.Stop()
	damage(t, harmed)
	from := harmed.Log.Len()
	if err := harmed.TryServe(); err == nil {
		t.Error("it starts with a damaged table")
	} else if said := harmed.Log.String()[from:]; !strings.Contains(said, "cluster rejoin") {
		t.Errorf("it says %s", said)
	}
	mend(t, all, harmed)
	for range 2 { // so that its copy is in tables
		if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
			t.Fatal(err)
		}
		harmed.Stop()
		harmed.Serve()
	}
	damage(t, harmed)
	onlyHarmed(t, all, harmed)
	mend(t, all, harmed)
	ended(t, all, w)
}

// The disk of the machine that leads has changed some bytes. It meets that when it reads, hands the
// lead over, and says so; verify says whose copy it is. It gets a new one from the others.
func TestDamagedLeaderHandsOver(t *testing.T) {
	t.Parallel()
	together(t)
	all, w := withTables(t)
	harmed := product.Leading(t, all...)
	damage(t, harmed)
	harmed.Try("members", "--limit", "0")
	if _, err := harmed.Try("verify"); err == nil {
		t.Error("it finds nothing")
	}
	if err := product.Eventually("another machine leads", func() error {
		seen, err := harmed.Machines()
		for _, s := range seen {
			if s.Leads && s.Name != harmed.Name {
				return nil
			}
		}
		return fmt.Errorf("they are %+v, %v", seen, err)
	}); err != nil {
		t.Fatal(err)
	}
	if err := product.Eventually("members are read at each machine", func() error {
		for _, m := range all {
			if _, err := m.Try("members", "--limit", "0"); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	onlyHarmed(t, all, harmed)
	mend(t, all, harmed)
	ended(t, all, w)
}

// ended waits until all machines have everything, stops them, and looks at their copies.
func ended(t *testing.T, all []*product.Machine, w *writers) {
	t.Helper()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}
