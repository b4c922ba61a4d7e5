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

// mapper maps files for every user of golang.org/x/sys in this process, so also for Badger,
// which offers no hook between the creation of a file and the first write to it.
// TestMapperIsAsWeKnowIt checks that it still has this form.
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

// makeRoom allocates all blocks of the file up to size. A table waits for them.
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

// manifestAhead is the space that Badger may need to extend its list of tables, which it
// writes without a map: a short write there leaves a list that breaks off in the middle,
// with later entries behind it.
const manifestAhead = 256 << 10

// roomInManifest allocates blocks for the list in dir beyond its end.
func roomInManifest(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, dgraph.ManifestFilename), os.O_RDWR, 0)
	if err != nil {
		return nil // not a directory of Badger's, or Badger's own error will say so
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	return allocate(int(f.Fd()), keepSize, info.Size()+manifestAhead)
}

// allocate fails only if there is no room. File systems and files that do not support it
// rely on the check of the free space.
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

// syncsMapped reports whether a sync of a file also writes what was changed through a map of
// it.
const syncsMapped = true

// keepSize is the mode that allocates blocks beyond the end of a file.
const keepSize = unix.FALLOC_FL_KEEP_SIZE

// allocates reports whether the file system can allocate blocks ahead.
func allocates(f *os.File) bool {
	err := unix.Fallocate(int(f.Fd()), keepSize, 0, 1)
	return err == nil || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

func nameOf(fd int) (name string, known bool) {
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	return name, err == nil
}
