package kv

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"doorward/backend/access"
	"doorward/backend/private"
)

// refuse is an answer for the one who starts or runs the server: what is wrong
// with the directory and what to do.
func refuse(code string, cause error, format string, args ...any) error {
	if cause == nil {
		cause = ErrUnavailable
	}
	return access.Errorf(access.Unavailable, format, args...).WithCode(code).Because(cause)
}

// DirName is what the store's directory is called in a data directory. Whoever
// reads a refusal knows the data directory, so that is the one it names.
const DirName = "store"

// called is the directory as its owner knows it.
func called(dir string) string {
	if filepath.Base(dir) == DirName {
		return filepath.Dir(dir)
	}
	return dir
}

func damaged(dir string, cause error) error {
	return refuse("data_dir_damaged", errors.Join(ErrCorrupt, cause),
		"The data in %s is damaged, and starting on it could lose more. Keep a copy of the directory, "+
			"then restore the latest backup into an empty one. The log says what was found.", called(dir))
}

// guardDir makes dir if it is missing, puts one right that others can look
// into, and refuses one that is not a directory, that is somebody else's, or
// that this user cannot use.
func guardDir(dir string, log *slog.Logger) error {
	narrowUmask()
	was, err := private.Dir(dir)
	var told *access.Error
	if errors.As(err, &told) {
		return told.Because(ErrUnavailable)
	}
	if err != nil {
		return unusable(dir, err)
	}
	if was != 0 {
		log.Warn("others could look into the store's directory; its mode is put right", "dir", dir, "was", was.String())
	}
	if err := usable(dir); err != nil {
		return unusable(dir, err)
	}
	return nil
}

func unusable(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return refuse("data_dir_unreadable", err,
			"This user may not read and write the data directory %s. Give it to the user that runs Doorward, "+
				"or choose another directory.", called(dir))
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return refuse("data_dir_unusable", err,
		"The data directory %s cannot be used: %v. Choose another directory.", called(dir), err)
}

// guardNames refuses a directory that holds anything a store does not put
// there, so that nobody's files are ever mixed with ours.
func guardNames(dir string, names []string) error {
	for _, name := range names {
		if !ourName(name) {
			return refuse("data_dir_not_ours", nil,
				"The data directory holds %s, which is not from Doorward. "+
					"Choose an empty directory, or move that file away if it was put there by mistake.", strconv.Quote(filepath.Join(dir, name)))
		}
	}
	return nil
}

func inUse(dir string, err error) error {
	return refuse("data_dir_in_use", err,
		"Another Doorward is using the data directory %s. Stop it first, or choose another directory.", called(dir))
}

func noSentinel(dir string) error {
	return refuse("data_dir_no_sentinel", ErrCorrupt,
		"The data directory %s holds files of a store, but not the mark that every store of Doorward carries. "+
			"It may be damaged or from another program. Restore a backup into an empty directory.", called(dir))
}

// lockDir takes the directory for this process. The lock ends with the
// process, so a crash leaves nothing to clean up.
func lockDir(dir string) (*os.File, error) {
	file, err := private.Open(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, unusable(dir, err)
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, inUse(dir, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	return file, nil
}
