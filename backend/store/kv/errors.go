package kv

import (
	"errors"
	"fmt"
)

// The errors of an engine, besides those of the function that it ran. Callers find them
// with errors.Is. The errors that wrap them say more, but never contain the bytes of a key
// or a value.
var (
	ErrNotFound = errors.New("there is no such key")
	ErrTooLarge = errors.New("over a limit of the store")

	// ErrUnavailable says that the store cannot do this now. Nothing was written.
	ErrUnavailable = errors.New("the store cannot do this now")

	// ErrBusy says that the time of an Update was over before its turn came. Nothing was
	// written.
	ErrBusy = errors.New("the store was too busy for this")

	// ErrConflict says that other writers won until the time was over. Nothing was written.
	// An engine with a single writer never returns it.
	ErrConflict = errors.New("others were writing the same all the time")

	// ErrUnknownOutcome says that an Update may have been committed or not. An engine that
	// can tell later is an OutcomeReader.
	ErrUnknownOutcome = errors.New("it is not known whether this was kept")

	// ErrCorrupt says that the stored data is not what was written. None of it can be
	// trusted any more; the remedy is a backup.
	ErrCorrupt = errors.New("what is stored is damaged")

	// ErrReadOnly is returned by writes in a View and, as a FullError, by every Update
	// while the disk is nearly full.
	ErrReadOnly = errors.New("the store takes no writes")

	// ErrNotEmpty is returned by a Loader that contains data already.
	ErrNotEmpty = errors.New("there is data already")

	// ErrInUse says that another process uses the directory.
	ErrInUse = errors.New("another process uses the store")

	// ErrNewer says that a newer version wrote the store.
	ErrNewer = errors.New("the store was written by a newer version")
)

// A DirProblem is a fault of an engine's directory.
type DirProblem string

const (
	DirUnusable   DirProblem = "unusable"   // Err is the system's reason
	DirUnreadable DirProblem = "unreadable" // this user has no access
	DirForeign    DirProblem = "foreign"    // it contains Name, which is not part of a store
	DirOfOther    DirProblem = "of another" // another user owns it; Err says what to do
	DirInUse      DirProblem = "in use"
	DirNewer      DirProblem = "newer"
	DirUnmarked   DirProblem = "unmarked" // it has data, but not the mark of a store
	DirDamaged    DirProblem = "damaged"
)

// A DirError says that the directory of a store cannot be used. It wraps the error that
// applies: ErrCorrupt, ErrInUse, ErrNewer, else ErrUnavailable.
type DirError struct {
	Dir     string
	Problem DirProblem
	Name    string // the file at fault, if it is one file
	Err     error  // the error of the system or of the check
}

func (e *DirError) Error() string {
	return fmt.Sprintf("the store's directory %s is %s: %v", e.Dir, e.Problem, e.Err)
}

func (e *DirError) Unwrap() []error { return []error{e.sentinel(), e.Err} }

func (e *DirError) sentinel() error {
	switch e.Problem {
	case DirDamaged, DirUnmarked:
		return ErrCorrupt
	case DirInUse:
		return ErrInUse
	case DirNewer:
		return ErrNewer
	}
	return ErrUnavailable
}

// A Task is what a full disk prevents.
type Task string

const (
	ToStart   Task = "start"
	ToWrite   Task = "write"
	ToCompact Task = "compact"
)

// A FullError says that there is too little free disk space. It wraps ErrReadOnly.
type FullError struct {
	Dir  string
	Task Task
	Need uint64 // bytes: to start, how many must be free; to compact, how many more
	Err  error  // what was measured, for the log
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk of %s is too full to %s: %v", e.Dir, e.Task, e.Err)
}

func (e *FullError) Unwrap() []error { return []error{ErrReadOnly, e.Err} }
