package kv

import (
	"log/slog"
	"math"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Options say where the store is and how it is watched. The zero value is a
// store in memory.
type Options struct {
	// Dir is the store's own directory: nothing else may be in it. It is made
	// if it is missing. Empty means in memory, gone on Close.
	Dir string

	// MinFree is the free disk in bytes under which writes are refused. Zero
	// means 200 MB, or four times what Badger may hold in memory, if that is
	// more.
	MinFree uint64

	// Free says how much is free; nil asks the file system.
	Free func(dir string) (uint64, error)

	// Logger gets warnings and errors; nil means slog.Default.
	Logger *slog.Logger

	// Twice runs every Update function twice and throws the first run's writes
	// away. For tests: a function that cannot stand it will fail one day on a
	// replicated engine.
	Twice bool

	// Committed is called with every group of changes after it is on the disk
	// and before the Updates that made it return, in the order of commits. It
	// runs on the writer: it must be quick and must not call the store.
	Committed func([]Event)

	// Now is the clock for the sentinel; nil means time.Now.
	Now func() time.Time
}

const (
	memTableSize = 8 << 20
	numMemtables = 3
	defaultFloor = 200 << 20
)

func (o Options) withDefaults() Options {
	if o.MinFree == 0 {
		o.MinFree = max(defaultFloor, 4*memTableSize*numMemtables)
	}
	if o.Free == nil {
		o.Free = freeDisk
	}
	if o.Dir == "" {
		o.Free = func(string) (uint64, error) { return math.MaxUint64, nil }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// BareOptions are those that Badger runs with in dir, for whoever measures it
// without us.
func BareOptions(dir string) badger.Options { return engineOptions(dir, Options{}.withDefaults()) }

// engineOptions is Badger's small profile. SyncWrites is what makes an answer
// mean something. Conflict detection is off because there is one writer, which
// has nobody to conflict with. ValueThreshold is above the largest value with
// its header, so that nothing goes to the value log, whose damage Badger
// answers with empty values. Blocks are checked by verify.go and values by
// their own checksums, so Badger's check at opening, which may panic, is off.
//
// Badger keeps the memory in which it has built up to eight tables, and of the
// largest that there were. So tables stay as small on every level: at twice the
// size on each, a busy server held 400 MB, and its garbage collector found no
// end. Compactions cost a busy server as much as all else together, and rarer,
// larger ones cost less: hence six tables on the first level and 32 MB on the
// one below it.
func engineOptions(dir string, o Options) badger.Options {
	small := badger.DefaultOptions(dir)
	small.TableSizeMultiplier = 1
	return small.
		WithInMemory(dir == "").
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithValueThreshold(128 << 10).
		WithValueLogFileSize(1 << 20).
		WithMemTableSize(memTableSize).
		WithNumMemtables(numMemtables).
		WithBaseTableSize(4 << 20).
		WithBlockCacheSize(8 << 20).
		WithIndexCacheSize(8 << 20).
		WithNumCompactors(2).
		WithNumLevelZeroTables(6).
		WithNumLevelZeroTablesStall(20).
		WithCompactL0OnClose(true).
		WithBaseLevelSize(32 << 20).
		WithCompression(options.Snappy).
		WithChecksumVerificationMode(options.NoVerification).
		WithMetricsEnabled(false).
		WithLogger(engineLog{o.Logger})
}
