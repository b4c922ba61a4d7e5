// Package private creates and opens the files in the data directory that only this user may
// access. It never follows a link, never uses a place where another user of the machine
// could put something else, and never leaves a file readable by others.
//
// The owner of a directory can put a link in it, and a root process that writes there
// writes where the link leads. So a directory that belongs to another user is refused,
// whatever its mode. A directory of our own that others can access is corrected, because
// platforms change its mode automatically (a volume with an fsGroup is group-readable again
// at each start).
package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"doorward/backend/access"
)

// Mode is the mode of a private directory; FileMode is that of a private file.
const (
	Mode     fs.FileMode = 0o700
	FileMode fs.FileMode = 0o600
)

// Open opens an existing regular file. It refuses a link, a pipe, a device and a directory.
func Open(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, flag|careful, FileMode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("it is not a plain file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Write replaces a file with that content, synced to the disk when it returns. It removes
// what had the name before; if that was a link, its target is left unchanged.
func Write(name string, content []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|careful, FileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// Replace is Write for a file that is read while it is replaced, or whose previous content
// must not be lost: whoever opens it finds all of the one or all of the other, also after a
// crash. What a crash has left beside it, with .new at the end of its name, is overwritten.
func Replace(name string, content []byte) error {
	if err := Write(name+".new", content); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(name))
}

// SyncDir makes the names in a directory durable. On Windows it does nothing: NTFS journals
// names, and a directory cannot be synced.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Tighten removes the permissions of other users on an open file or directory of ours. It
// returns the previous mode; zero if nothing had to be changed.
func Tighten(f *os.File) (was fs.FileMode, err error) {
	info, err := f.Stat()
	if err != nil || !Exposed(info) {
		return 0, err
	}
	if owner, other := Owner(info); other {
		return 0, &fs.PathError{Op: "chmod", Path: f.Name(), Err: errors.New("it belongs to the user " + owner)}
	}
	mode := FileMode
	if info.IsDir() {
		mode = Mode
	}
	return info.Mode(), f.Chmod(mode)
}

// Dir makes a directory, or tightens an existing one of ours. It returns the previous mode;
// zero if nothing had to be changed. If the directory, or a parent of it, belongs to
// another user, the error is a sentence.
func Dir(dir string) (was fs.FileMode, err error) {
	if at, owner, other := above(dir); other {
		return 0, movable(dir, at, owner)
	}
	if err := os.MkdirAll(dir, Mode); err != nil {
		return 0, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.IsDir() {
		return 0, access.Errorf(access.NoData, "%s is a file. --data needs a directory.",
			dir).WithCode("data_dir_not_ours")
	}
	if owner, other := Owner(info); other {
		return 0, foreign(dir, owner)
	}
	return Tighten(f)
}

func movable(dir, above, owner string) error {
	return access.Errorf(
		access.NoData,
		"The data directory %s is inside %s, which belongs to the user %s, who could replace it. "+
			"Choose a directory that only root can move, or run the command as that user, with: %s",
		dir,
		above,
		owner,
		asUser(owner),
	).WithCode("data_dir_of_another_user")
}

// asUser is how a command begins that is run as that user.
func asUser(name string) string { return "sudo -u '" + name + "'" }

func foreign(dir, owner string) error {
	if isRoot() {
		return access.Errorf(
			access.NoData,
			"The data directory %s belongs to the user %s, whose server could not read what root writes there. "+
				"Start the server first, or run the command as that user, with: %s",
			dir,
			owner,
			asUser(owner),
		).WithCode("data_dir_of_another_user")
	}
	return access.Errorf(
		access.NoData,
		"The data directory %s belongs to the user %s, who could read and change everything in it. "+
			"Choose a directory of your own, such as one inside it.",
		dir,
		owner,
	).WithCode("data_dir_of_another_user")
}
