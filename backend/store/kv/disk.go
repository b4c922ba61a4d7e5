package kv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"doorward/backend/access"
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

type urgentKey struct{}

// Urgent marks an Update that takes rights away: under the floor it is kept all
// the same, for as long as there are blocks for it. It is small and rare, and to
// refuse it would leave a door open.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

func isUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }

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
	return access.Errorf(access.Unavailable,
		"The server's disk is nearly full, so nothing can be changed just now. Please tell its administrator.").
		WithCode("disk_full").Because(errors.Join(ErrReadOnly, cause))
}

// startRefusal refuses to start on a disk that is low already.
func (d *disk) startRefusal() error {
	switch free, err := d.free(d.dir); {
	case err != nil:
		return unusable(d.dir, err)
	case free >= d.floor:
		return nil
	}
	return refuse("disk_full", ErrReadOnly,
		"The disk of the data directory %s is nearly full: Doorward needs %d MB free. Make room and start again.",
		called(d.dir), (d.floor+1<<20-1)>>20)
}
