package badger

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"doorward/backend/store/kv"
)

// A disk monitors the free disk space. Below the floor, writes are refused, so that the
// rest is left for writes that take rights away and for Badger's own work. Committed data
// already has its blocks (room.go, spare.go); if the file system cannot allocate them
// ahead, half of the floor is reserved instead.
type disk struct {
	dir   string
	floor uint64
	free  func(string) (uint64, error)
	log   *slog.Logger
	low   atomic.Bool // below the floor, or tables wait for room
	empty atomic.Bool // below half of it
	sure  atomic.Bool // the next commit has its blocks
	told  bool        // it was logged that the disk is low
}

func newDisk(o Options) *disk {
	return &disk{dir: o.Dir, floor: o.MinFree, free: o.Free, log: o.Logger}
}

// sample measures the disk. If it cannot be measured, it counts as full.
func (d *disk) sample() (free uint64, err error) {
	free, err = d.free(d.dir)
	d.empty.Store(err != nil || free < d.floor/2)
	d.low.Store(err != nil || free < d.floor || tablesWait(d.dir))
	return free, err
}

// watch measures every second until stop, and logs changes.
func (d *disk) watch(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.tell(d.sample())
		case <-stop:
			return
		}
	}
}

func (d *disk) tell(free uint64, err error) {
	low := d.low.Load()
	if low == d.told {
		return
	}
	d.told = low
	switch {
	case err != nil:
		d.log.Error("the free disk space cannot be read: writes are refused", "err", err)
	case low:
		d.log.Error("the disk is nearly full: writes are refused", "free", free, "floor", d.floor)
	default:
		d.log.Warn("there is space on the disk again: writes are accepted", "free", free, "floor", d.floor)
	}
}

// before refuses a commit if the disk is low now, or if there are no blocks for the log
// that the commit may start. The measurement takes two microseconds, the fsync after it a
// hundred.
func (d *disk) before(urgent bool, s *spare) error {
	d.sample()
	err := s.ready()
	d.sure.Store(s != nil && err == nil)
	if err != nil {
		return d.full(err)
	}
	return d.refusal(urgent)
}

// refusal is the answer as of the last measurement; nil if writes are accepted.
func (d *disk) refusal(urgent bool) error {
	if !d.low.Load() || urgent && (d.sure.Load() || !d.empty.Load()) {
		return nil
	}
	return d.full(fmt.Errorf("less than %d bytes are free, or tables wait for room", d.floor))
}

func (d *disk) full(cause error) error {
	return &kv.FullError{Dir: d.dir, Task: kv.ToWrite, Need: d.floor, Err: cause}
}

// startRefusal refuses to start on a disk that is already low.
func (d *disk) startRefusal() error {
	free, err := d.free(d.dir)
	if err != nil {
		return unusable(d.dir, err)
	}
	if free >= d.floor {
		return nil
	}
	seen := fmt.Errorf("%d bytes are free", free)
	return &kv.FullError{Dir: d.dir, Task: kv.ToStart, Need: d.floor, Err: seen}
}

// Room returns how much disk is free, and below how much writes are refused.
func (b *Store) Room() (free, floor uint64, err error) {
	free, err = b.o.Free(b.o.Dir)
	return free, b.o.MinFree, err
}
