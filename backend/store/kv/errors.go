package kv

import (
	"errors"
	"fmt"
)

// What an engine can answer besides an error of the function it was given.
// They are found with errors.Is; what is wrapped around them says more, but
// never holds the bytes of a key or a value.
var (
	ErrNotFound = errors.New("there is no such key")
	ErrTooLarge = errors.New("over a limit of the store")

	// ErrUnavailable says that the store cannot do this now. Nothing was kept.
	ErrUnavailable = errors.New("the store cannot do this now")

	// ErrBusy says that the time of an Update was up before its turn came.
	// Nothing was kept.
	ErrBusy = errors.New("the store was too busy for this")

	// ErrConflict says that others were first until the time was up. Nothing
	// was kept. An engine with a single writer never answers it.
	ErrConflict = errors.New("others were writing the same all the time")

	// ErrUnknownOutcome says that an Update may have been kept or not. An
	// engine that can tell later is an OutcomeReader.
	ErrUnknownOutcome = errors.New("it is not known whether this was kept")

	// ErrCorrupt says that what is stored is not what was written. Nothing
	// more can be trusted; the way on is a backup.
	ErrCorrupt = errors.New("what is stored is damaged")

	// ErrReadOnly is answered by writes in a View, and, as a FullError, by every
	// Update while the disk is nearly full.
	ErrReadOnly = errors.New("the store takes no writes")

	// ErrNotEmpty is answered by a Loader that holds data already.
	ErrNotEmpty = errors.New("there is data already")

	// ErrInUse says that another process has the directory.
	ErrInUse = errors.New("another process uses the store")

	// ErrNewer says that a newer version wrote the store.
	ErrNewer = errors.New("the store was written by a newer version")
)

// A DirProblem is what is wrong with an engine's directory.
type DirProblem string

const (
	DirUnusable   DirProblem = "unusable"   // the system says why
	DirUnreadable DirProblem = "unreadable" // this user may not use it
	DirForeign    DirProblem = "foreign"    // it holds Name, which no store put there
	DirOfOther    DirProblem = "of another" // it belongs to another user; Err says what to do
	DirInUse      DirProblem = "in use"
	DirNewer      DirProblem = "newer"
	DirUnmarked   DirProblem = "unmarked" // it has data, and not the mark of a store
	DirDamaged    DirProblem = "damaged"
)

// A DirError says that the directory of a store cannot be used. It wraps the
// sentinel that fits: ErrCorrupt, ErrInUse, ErrNewer, else ErrUnavailable.
type DirError struct {
	Dir     string
	Problem DirProblem
	Name    string // the file at fault, if it is one
	Err     error  // what the system or the check said
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

// A Task is what a full disk stands in the way of.
type Task string

const (
	ToStart   Task = "start"
	ToWrite   Task = "write"
	ToCompact Task = "compact"
)

// A FullError says that too little of the disk is free. It wraps ErrReadOnly.
type FullError struct {
	Dir  string
	Task Task
	Need uint64 // bytes: to start, how many must be free; to compact, how many more
	Err  error  // what was seen, for the log
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk of %s is too full to %s: %v", e.Dir, e.Task, e.Err)
}

func (e *FullError) Unwrap() []error { return []error{ErrReadOnly, e.Err} }
