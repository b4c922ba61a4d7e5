package badger

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"doorward/backend/private"
	"doorward/backend/store/kv"
)

func damaged(dir string, cause error) error {
	return &kv.DirError{Dir: dir, Problem: kv.DirDamaged, Err: cause}
}

// guardDir creates dir if it is missing, and corrects one that other users can access. It
// refuses one that is not a directory, that belongs to another user, or that this user
// cannot use.
func guardDir(dir string, log *slog.Logger) error {
	narrowUmask()
	was, err := private.Dir(dir)
	if err != nil {
		return refusedDir(dir, err)
	}
	if was != 0 {
		log.Warn("others could read the store's directory; its mode was corrected", "dir", dir, "was", was.String())
	}
	if err := usable(dir); err != nil {
		return unusable(dir, err)
	}
	return nil
}

// refusedDir converts the error of private.Dir: the system's own error, or that the
// directory belongs to another user.
func refusedDir(dir string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return unusable(dir, err)
	}
	return &kv.DirError{Dir: dir, Problem: kv.DirOfOther, Err: err}
}

func unusable(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &kv.DirError{Dir: dir, Problem: kv.DirUnreadable, Err: err}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &kv.DirError{Dir: dir, Problem: kv.DirUnusable, Err: err}
}

// guardNames refuses a directory that contains anything but a store's files, so that other
// files are never mixed with ours.
func guardNames(dir string, names []string) error {
	for _, name := range names {
		if !ourName(name) {
			err := errors.New("it holds a file that is no store's")
			return &kv.DirError{Dir: dir, Problem: kv.DirForeign, Name: filepath.Join(dir, name), Err: err}
		}
	}
	return nil
}

// lockDir locks the directory for this process. The lock ends with the process, so a crash
// leaves nothing to clean up.
func lockDir(dir string) (*os.File, error) {
	file, err := private.Open(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, unusable(dir, err)
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, &kv.DirError{Dir: dir, Problem: kv.DirInUse, Err: errors.Join(kv.ErrUnavailable, err)}
	}
	return file, nil
}
