//go:build !linux

package badger

import (
	"os"
)

// On this system files do not get their blocks ahead: only the check of the free space,
// with its floor, protects them.
func allocates(*os.File) bool { return false }

func allocate(fd int, mode uint32, size int64) error { return nil }

const keepSize = 0

// syncsMapped reports whether a sync of a file also writes what was changed through a map of
// it: POSIX does not promise it.
const syncsMapped = false
