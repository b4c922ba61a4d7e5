package kv

import (
	"log/slog"
	"time"
)

// A Config is the configuration of any engine.
type Config struct {
	// Dir is the store's own directory; it must contain nothing else. It is created if it
	// is missing. Empty means a store in memory that is gone on Close.
	Dir string

	// MinFree is the free disk space in bytes below which writes are refused. Zero is the
	// engine's own floor.
	MinFree uint64

	// Free returns the free disk space; nil asks the file system.
	Free func(dir string) (uint64, error)

	// Logger gets warnings and errors; nil means slog.Default.
	Logger *slog.Logger

	// Twice runs every Update function twice and discards the writes of the first run. For
	// tests: a function that cannot be run twice will fail some day on a replicated engine.
	Twice bool

	// Now is the clock for the Identity; nil means time.Now.
	Now func() time.Time
}

// An Opener opens an engine. The caller that assembles the program chooses one.
type Opener func(Config) (Store, error)
