package badger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Badger writes its files through memory maps. A page of a map that has no block on the
// disk yet gets one when it is written to, and if there is none left, the system kills the
// process with a signal that nothing can catch. Checking the free space beforehand is not
// enough: another program can take it between the check and the write. So every file has
// all its blocks before it is mapped (room_linux.go), and from then on no other file can
// take them.
//
// A table that finds no room waits for it, inside the compaction or the flush that makes
// it: these can wait, because their input is on the disk already. They must not be given an
// error: Badger v4.9.6 forgets that one table of a compaction failed (subcompact in
// levels.go defers Done(err) while err is still nil) and deletes the tables whose keys that
// one was to hold. A log that finds no room is an error at once, since everything waits for
// it; spare.go prevents that.

// roomRetryInterval is how often a waiting table checks for room.
const roomRetryInterval = 50 * time.Millisecond

// tablesWaiting has the tables that wait for room, by directory.
var tablesWaiting = struct {
	sync.Mutex
	in map[string]int
}{in: map[string]int{}}

func waits(dir string, n int) {
	tablesWaiting.Lock()
	defer tablesWaiting.Unlock()
	if tablesWaiting.in[dir] += n; tablesWaiting.in[dir] == 0 {
		delete(tablesWaiting.in, dir)
	}
}

// tablesWait reports whether a table in dir, or in a generation in it, waits for room.
func tablesWait(dir string) bool {
	tablesWaiting.Lock()
	defer tablesWaiting.Unlock()
	if len(tablesWaiting.in) == 0 || dir == "" {
		return false
	}
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	if whole, err := filepath.EvalSymlinks(dir); err == nil { // the kernel uses this name
		dir = whole
	}
	for in := range tablesWaiting.in {
		if in == dir || strings.HasPrefix(in, dir+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// Reserve takes the blocks for the first bytes of a file, also beyond its end, so that it can grow on
// a full disk. It fails if there is no room, or no such file.
func Reserve(name string, bytes int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(allocate(int(f.Fd()), keepSize, bytes), f.Close())
}

// maxCloseWait is how long closing a store waits for a table that waits for room.
const maxCloseWait = time.Second

// waitUnlessStuck waits for a value from done. It returns false if a table in dir has been
// waiting for room for longer than somebody who stops a server will wait.
func waitUnlessStuck[T any](dir string, done <-chan T) (came T, ok bool) {
	tick := time.NewTicker(roomRetryInterval)
	defer tick.Stop()
	var since time.Time
	for {
		select {
		case came = <-done:
			return came, true
		case now := <-tick.C:
			switch {
			case !tablesWait(dir):
				since = time.Time{}
			case since.IsZero():
				since = now
			case now.Sub(since) > maxCloseWait:
				return came, false
			}
		}
	}
}
