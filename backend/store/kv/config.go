package kv

import (
	"log/slog"
	"time"
)

// A Config is what every engine is told.
type Config struct {
	// Dir is the store's own directory: nothing else may be in it. It is made
	// if it is missing. Empty means in memory, gone on Close.
	Dir string

	// MinFree is the free disk in bytes under which writes are refused. Zero is
	// the engine's own floor.
	MinFree uint64

	// Free says how much is free; nil asks the file system.
	Free func(dir string) (uint64, error)

	// Logger gets warnings and errors; nil means slog.Default.
	Logger *slog.Logger

	// Twice runs every Update function twice and throws the first run's writes
	// away. For tests: a function that cannot stand it will fail one day on a
	// replicated engine.
	Twice bool

	// Now is the clock for the Identity; nil means time.Now.
	Now func() time.Time
}

// An Opener opens an engine. Whoever puts the parts together chooses one.
type Opener func(Config) (Store, error)
