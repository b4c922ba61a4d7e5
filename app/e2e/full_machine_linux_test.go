package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// onSmallDisk makes three machines, of which the first has its data on a small disk.
func onSmallDisk(t *testing.T) (*smallDisk, []*product.Machine) {
	t.Helper()
	need.Time(t)
	disk := newSmallDisk(t, 500<<20)
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	all[0].Dir = filepath.Join(disk.dir, "data")
	all[0].Env = append(all[0].Env, "DOORWARD_DATA="+all[0].Dir)
	return disk, all
}

// fill fills the disk to the last byte, at once, and again whenever something is deleted there, until
// the caller ends it, which empties the disk.
func (d *smallDisk) fill() (end func()) {
	d.t.Helper()
	f, err := os.CreateTemp(d.dir, "full-")
	if err != nil {
		d.t.Fatal(err)
	}
	size := int64(0)
	fill := func() {
		const page = 4 << 10
		for more := int64(1 << 30); more >= page; {
			if syscall.Fallocate(int(f.Fd()), 0, size, more) == nil {
				size += more
			} else {
				more /= 2
			}
		}
	}
	fill()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				fill()
			case <-stop:
				return
			}
		}
	}()
	return func() {
		d.t.Helper()
		close(stop)
		<-stopped
		f.Close()
		d.empty()
	}
}

// isFull waits until both machines' doctors say that the first one's disk is full.
func isFull(t *testing.T, full, other *product.Machine) {
	t.Helper()
	for _, m := range []*product.Machine{full, other} {
		if err := product.Eventually("the doctor on "+m.Name+" says so", func() error {
			out, _ := m.Try("doctor", "--json") // which fails, as something is wrong
			if !strings.Contains(out, "MB of its disk are free") {
				return fmt.Errorf("it says %s", out)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

// much is how many invitations fill a file of the log, and a file of the store, some times over.
const much = 5000

// The disk of a machine that follows is filled to the last byte, in one go, while clients write. The
// others go on, and whoever comes to that machine is served by the one that leads. When there is room
// again it catches up by itself: its process is the same, and its copy is as the others.
func TestDiskOfAFollowerFills(t *testing.T) {
	t.Parallel()
	together(t)
	disk, all := onSmallDisk(t)
	product.Begin(all[1], []*product.Machine{all[0], all[2]})
	w := newInviters(all, 16)
	defer w.end()
	w.awaitKept(t)
	empty := disk.fill()
	w.awaitMore(t, much)
	isFull(t, all[0], all[1])
	if err := product.Eventually("it sends people on to the one that leads", all[0].Ready); err != nil {
		t.Error(err)
	}
	w.await(t, "clients of each machine are answered", 3)
	empty()
	w.awaitKept(t)
	w.end()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}

// The disk of the machine that leads becomes nearly full: it hands the lead over. When it leads again,
// its disk is filled to the last byte, in one go: another machine leads. Nothing that was acknowledged
// is lost, and when there is room again it follows.
func TestDiskOfTheLeaderFills(t *testing.T) {
	t.Parallel()
	together(t)
	disk, all := onSmallDisk(t)
	product.Begin(all[0], all[1:])
	w := newInviters(all, 16)
	defer w.end()
	ways := []struct {
		name string
		fill func() (empty func())
	}{
		{"a disk that is nearly full", func() func() { disk.leave(100 << 20); return disk.empty }},
		{"a disk that is full at once", disk.fill},
	}
	for _, way := range ways {
		leadsAgain(t, all)
		w.awaitKept(t)
		w.pause()
		empty := way.fill()
		if err := product.Eventually("another machine leads", func() error {
			seen, err := all[1].Machines()
			for _, m := range seen {
				if err == nil && m.Leads && m.Name != all[0].Name {
					return nil
				}
			}
			return fmt.Errorf("they are %+v, %v", seen, err)
		}); err != nil {
			t.Fatal(err)
		}
		w.awaitMore(t, much)
		t.Logf("%s: nothing was acknowledged for %v", way.name, w.pause())
		isFull(t, all[0], all[1])
		empty()
		if err := product.Eventually("it follows", func() error { return haveNearly(all, 64) }); err != nil {
			t.Fatal(err)
		}
	}
	w.end()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}

// leadsAgain stops whoever leads, in order, until the first machine does.
func leadsAgain(t *testing.T, all []*product.Machine) {
	t.Helper()
	for {
		leads := product.Leading(t, all...)
		if leads == all[0] {
			return
		}
		leads.Stop()
		leads.Serve()
		if err := product.Eventually("it follows", func() error { return haveNearly(all, 64) }); err != nil {
			t.Fatal(err)
		}
	}
}
