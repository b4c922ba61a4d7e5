//go:build linux || darwin || freebsd

package badger

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// narrowUmask makes every file that this process creates from now on accessible to its own
// user only. Badger would make its tables readable by all.
func narrowUmask() { unix.Umask(0o077) }

func usable(dir string) error {
	if err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}

func lockFile(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// freeDisk returns how much this user can still write on the file system of dir.
func freeDisk(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(max(0, int64(st.Bavail))) * uint64(st.Bsize), nil
}
