package badger

import (
	"os"

	"golang.org/x/sys/windows"
)

// On Windows, permissions are in access lists that the directory inherits from the user's
// profile; there is no mode to tighten or check.
func narrowUmask() {}

func usable(dir string) error {
	_, err := os.ReadDir(dir)
	return err
}

func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
}

func freeDisk(dir string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return free, err
}
