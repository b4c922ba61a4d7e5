package badger

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"doorward/backend/store/kv"
)

// A disk watches how much is free. Under the floor writes are refused, so that
// what is left is for those that take rights away and for Badger's own work. What
// is committed has its blocks already (room.go, spare.go); where the file system
// cannot give them ahead, half of the floor stands in for them.
type disk struct {
	dir   string
	floor uint64
	free  func(string) (uint64, error)
	log   *slog.Logger
	low   atomic.Bool // under the floor, or tables wait for room
	empty atomic.Bool // under half of it
	sure  atomic.Bool // the next commit has its blocks
	told  bool        // that it is low
}

func newDisk(o Options) *disk {
	return &disk{dir: o.Dir, floor: o.MinFree, free: o.Free, log: o.Logger}
}

// sample looks at the disk. One that cannot be asked counts as full.
func (d *disk) sample() (free uint64, err error) {
	free, err = d.free(d.dir)
	d.empty.Store(err != nil || free < d.floor/2)
	d.low.Store(err != nil || free < d.floor || tablesWait(d.dir))
	return free, err
}

// watch samples every second until stop, and tells of changes.
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
		d.log.Error("the disk cannot be asked how much is free: writes are refused", "err", err)
	case low:
		d.log.Error("the disk is nearly full: writes are refused", "free", free, "floor", d.floor)
	default:
		d.log.Warn("there is room on the disk again: writes are taken", "free", free, "floor", d.floor)
	}
}

// before refuses a commit when the disk is low now, or when there are no blocks
// for the log that it may begin. The look costs two microseconds, and the fsync
// behind it a hundred.
func (d *disk) before(urgent bool, s *spare) error {
	d.sample()
	err := s.ready()
	d.sure.Store(s != nil && err == nil)
	if err != nil {
		return d.full(err)
	}
	return d.refusal(urgent)
}

// refusal is the answer as of the last look; nil where writes are taken.
func (d *disk) refusal(urgent bool) error {
	if !d.low.Load() || urgent && (d.sure.Load() || !d.empty.Load()) {
		return nil
	}
	return d.full(fmt.Errorf("less than %d bytes are free, or tables wait for room", d.floor))
}

func (d *disk) full(cause error) error {
	return &kv.FullError{Dir: d.dir, Task: kv.ToWrite, Need: d.floor, Err: cause}
}

// startRefusal refuses to start on a disk that is low already.
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
