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

// largeGroup is the size from which a group is not kept on a sample of the
// last second.
const largeGroup = 64 << 10

// A disk watches how much is free. Badger writes through memory maps of sparse
// files: on a full disk the process is killed by a signal, with no error to
// catch, so writes must stop earlier.
type disk struct {
	dir   string
	floor uint64
	free  func(string) (uint64, error)
	log   *slog.Logger
	low   atomic.Bool // under the floor
	empty atomic.Bool // under half of it
}

type urgentKey struct{}

// Urgent marks an Update that takes rights away: under the floor it is kept all
// the same, down to half of it. It is small and rare, and to refuse it would
// leave a door open.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

func isUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }

func newDisk(o Options) *disk {
	return &disk{dir: o.Dir, floor: o.MinFree, free: o.Free, log: o.Logger}
}

// sample looks at the disk. One that cannot be asked counts as full.
func (d *disk) sample() {
	free, err := d.free(d.dir)
	low := err != nil || free < d.floor
	d.empty.Store(err != nil || free < d.floor/2)
	if d.low.Swap(low) == low {
		return
	}
	switch {
	case err != nil:
		d.log.Error("the disk cannot be asked how much is free: writes are refused", "err", err)
	case low:
		d.log.Error("the disk is nearly full: writes are refused", "free", free, "floor", d.floor)
	default:
		d.log.Warn("there is room on the disk again: writes are taken", "free", free, "floor", d.floor)
	}
}

// watch samples every second until stop.
func (d *disk) watch(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.sample()
		case <-stop:
			return
		}
	}
}

// before refuses a large group when the disk is low now.
func (d *disk) before(size int, urgent bool) error {
	if size >= largeGroup {
		d.sample()
	}
	return d.refusal(urgent)
}

func (d *disk) refusal(urgent bool) error {
	if !d.low.Load() || urgent && !d.empty.Load() {
		return nil
	}
	return access.Errorf(access.Unavailable,
		"The server's disk is nearly full, so nothing can be changed just now. Please tell its administrator.").
		WithCode("disk_full").Because(errors.Join(ErrReadOnly, fmt.Errorf("less than %d bytes are free", d.floor)))
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
