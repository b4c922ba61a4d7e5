package store

import (
	"errors"
	"path/filepath"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Only this file turns an engine's errors into sentences. Errors that are already
// sentences, and errors that no engine returns, pass unchanged.

// ErrInUse is in the error of Open if another process uses the directory.
var ErrInUse = kv.ErrInUse

func (s *Store) explain(err error) error { return explain(s.dir, err) }

// explain gives an engine's error for a data directory its kind, code and sentence.
func explain(dir string, err error) error {
	var told *access.Error
	if err == nil || errors.As(err, &told) && !isDir(err) {
		return err
	}
	if e := explainDir(err); e != nil {
		return e.Because(err)
	}
	if e := explainFull(err); e != nil {
		return e.Because(err)
	}
	if e := explainSentinel(dir, err); e != nil {
		return e.Because(err)
	}
	return err
}

// isDir reports whether err is about a directory: it may wrap a sentence of package
// private.
func isDir(err error) bool {
	var d *kv.DirError
	return errors.As(err, &d)
}

// explainSentinel checks the most specific error first: an unknown outcome, for example, is
// unavailable, too.
func explainSentinel(dir string, err error) *access.Error {
	switch {
	case errors.Is(err, kv.ErrCorrupt):
		return damaged(dir)
	case errors.Is(err, kv.ErrNewer):
		return newer(dir)
	case errors.Is(err, kv.ErrUnknownOutcome):
		return access.Errorf(access.Unavailable,
			"It is not yet known whether this was saved. Check before you try again.").WithCode("unknown_outcome")
	case errors.Is(err, kv.ErrNotEmpty):
		return access.Errorf(access.Conflict,
			"This store already holds data. Restore into an empty data directory.").WithCode("store_not_empty")
	case errors.Is(err, kv.ErrReadOnly):
		return access.Errorf(access.Unavailable,
			"The server accepts no changes right now. Nothing was changed. Please tell an administrator.").
			WithCode("read_only")
	case errors.Is(err, kv.ErrBusy), errors.Is(err, kv.ErrConflict):
		return access.Errorf(access.Unavailable,
			"The server is very busy. Nothing was changed. Try again in a moment.").WithCode("store_busy")
	case errors.Is(err, kv.ErrUnavailable):
		return access.Errorf(access.Unavailable,
			"The server cannot do this right now. Nothing was changed. Try again in a moment.").
			WithCode("store_unavailable")
	}
	return nil
}

func explainFull(err error) *access.Error {
	var full *kv.FullError
	if !errors.As(err, &full) {
		return nil
	}
	dir := dataDir(full.Dir)
	var e *access.Error
	switch full.Task {
	case kv.ToStart:
		e = access.Errorf(access.Unavailable,
			"The disk of the data directory %s is nearly full: Doorward needs %d MB free. "+
				"Free some space, then start again.",
			dir, (full.Need+1<<20-1)>>20)
	case kv.ToCompact:
		e = access.Errorf(access.Unavailable,
			"There is not enough room to compact the data in %s: about %d MB more must be free.", dir, full.Need>>20+1)
	default:
		e = access.Errorf(access.Unavailable,
			"The server's disk is nearly full, so nothing can be changed right now. Please tell an administrator.")
	}
	return e.WithCode("disk_full")
}

func explainDir(err error) *access.Error {
	var d *kv.DirError
	if !errors.As(err, &d) {
		return nil
	}
	dir := dataDir(d.Dir)
	switch d.Problem {
	case kv.DirOfOther:
		var told *access.Error
		if errors.As(d.Err, &told) {
			return access.Explain(told) // not told itself, which is a part of err
		}
	case kv.DirUnreadable:
		return access.Errorf(access.NoData,
			"This user cannot read and write the data directory %s. Make the user that runs Doorward its owner, "+
				"or choose another directory.", dir).WithCode("data_dir_unreadable")
	case kv.DirForeign:
		return access.Errorf(access.NoData,
			"The data directory contains %q, which does not belong to Doorward. "+
				"Choose an empty directory, or move that file away if it was put there by mistake.",
			d.Name).WithCode("data_dir_not_ours")
	case kv.DirInUse:
		return access.Errorf(access.NoData,
			"Another Doorward is using the data directory %s. Stop it first, or choose another directory.",
			dir).WithCode("data_dir_in_use")
	case kv.DirUnmarked:
		return access.Errorf(access.NoData,
			"The data directory %s contains files of a store, but not the marker that every Doorward store has. "+
				"It may be damaged or from another program. Restore a backup into an empty directory.",
			dir).WithCode("data_dir_no_sentinel")
	case kv.DirNewer:
		return newer(dir)
	case kv.DirDamaged:
		return damaged(dir)
	}
	return access.Errorf(access.NoData,
		"The data directory %s cannot be used: %v. Choose another directory.", dir, d.Err).WithCode("data_dir_unusable")
}

func damaged(dir string) *access.Error {
	e := access.Errorf(access.NoData,
		"The data in %s is damaged, and using it could cause further loss. Keep a copy of the directory, "+
			"then restore the latest backup into an empty one. See the log for details.", dir)
	if dir == "" {
		e = access.Errorf(access.NoData,
			"The data of this server is damaged, and using it could cause further loss. Keep a copy of the directory, "+
				"then restore the latest backup into an empty one. See the log for details.")
	}
	return e.WithCode("data_dir_damaged")
}

func newer(dir string) *access.Error {
	return access.Errorf(access.NoData,
		"The data in %s was written by a newer Doorward. "+
			"Run that version, or restore a backup made by this one.", dir).WithCode("data_dir_newer")
}

// dataDir returns the data directory that contains an engine's directory, which is the one
// that the reader of an error knows.
func dataDir(dir string) string {
	if filepath.Base(dir) == engineDir {
		return filepath.Dir(dir)
	}
	return dir
}
