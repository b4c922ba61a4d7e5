package badger

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "unsafe" // for go:linkname

	dgraph "github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// mapper maps files for everybody in this process who uses golang.org/x/sys, so
// also for Badger, which has no place of its own where one could stand between
// the making of a file and the first write to it. TestMapperIsAsWeKnowIt holds
// that it is still made like this.
//
//go:linkname mapper golang.org/x/sys/unix.mapper
var mapper *struct {
	sync.Mutex
	active map[*byte][]byte
	mmap   func(addr, length uintptr, prot, flags, fd int, offset int64) (uintptr, error)
	munmap func(addr uintptr, length uintptr) error
}

func init() {
	mmap := mapper.mmap
	mapper.mmap = func(addr, length uintptr, prot, flags, fd int, offset int64) (uintptr, error) {
		if prot&unix.PROT_WRITE != 0 && flags&unix.MAP_SHARED != 0 {
			if err := makeRoom(fd, offset+int64(length)); err != nil {
				return 0, err
			}
		}
		return mmap(addr, length, prot, flags, fd, offset)
	}
}

// makeRoom gives the file all its blocks up to size. A table waits for them.
func makeRoom(fd int, size int64) error {
	err := allocate(fd, 0, size)
	name, known := nameOf(fd)
	if known && !strings.HasSuffix(name, ".sst") {
		return err
	}
	dir := filepath.Dir(name)
	if err = errors.Join(err, roomInManifest(dir)); err == nil {
		return nil
	}
	waits(dir, 1)
	defer waits(dir, -1)
	for err != nil {
		time.Sleep(roomRetryInterval)
		err = errors.Join(allocate(fd, 0, size), roomInManifest(dir))
	}
	return nil
}

// manifestAhead is what Badger may add to its list of tables, which it writes
// without a map: a write that is cut short there leaves a list that ends in the
// middle, and later ones behind it.
const manifestAhead = 256 << 10

// roomInManifest gives the list in dir blocks beyond its end.
func roomInManifest(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, dgraph.ManifestFilename), os.O_RDWR, 0)
	if err != nil {
		return nil // this is no directory of Badger, or its own error will say so
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	return allocate(int(f.Fd()), keepSize, info.Size()+manifestAhead)
}

// allocate answers only that there is no room. What a file system cannot do, or a
// file that is none, is left to the look at what is free.
func allocate(fd int, mode uint32, size int64) error {
	for {
		err := unix.Fallocate(fd, mode, 0, size)
		switch err {
		case unix.EINTR:
			continue
		case unix.ENOSPC, unix.EDQUOT:
			return err
		}
		return nil
	}
}

// keepSize is the mode in which blocks are given behind the end of a file.
const keepSize = unix.FALLOC_FL_KEEP_SIZE

// allocates reports whether the file system gives blocks ahead.
func allocates(f *os.File) bool {
	err := unix.Fallocate(int(f.Fd()), keepSize, 0, 1)
	return err == nil || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

func nameOf(fd int) (name string, known bool) {
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	return name, err == nil
}
