package badger

import (
	"log/slog"
	"math"
	"os"
	"time"

	dgraph "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"doorward/backend/store/kv"
)

// Options configure a store. The zero value is a store in memory.
type Options struct {
	kv.Config

	// Send commits a batch of changes; nil commits it at once. An engine with a log
	// elsewhere appends to it first: writes are the changes, in the form that Apply takes,
	// and ops are the names of the Updates that made them. Both belong to Send. commit may
	// be called once, with the place of the batch in the log, when the log has it on the
	// disk; the zero Position if there is no log. After kv.ErrUnavailable nothing of the batch was written, after
	// kv.ErrUnknownOutcome that is unknown: the callers are told, and the store goes on.
	// Any other error is a fault of the disk, and the store stops.
	Send func(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error

	logged bool                 // there is a log: a batch is encoded for it
	late   bool                 // what the log has on the disk is not synced here at once
	sync   func(*os.File) error // (*os.File).Sync
}

// Engine opens a store from the configuration of package store.
func Engine(c kv.Config) (kv.Store, error) {
	s, err := Open(Options{Config: c})
	if err != nil {
		return nil, err
	}
	return s, nil
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
	o.logged = o.Send != nil
	o.late = o.logged && syncsMapped && o.Dir != ""
	if o.sync == nil {
		o.sync = (*os.File).Sync
	}
	if !o.logged {
		o.Send = func(_ []kv.OpID, _ []byte, commit func(kv.Position) error) error {
			return commit(kv.Position{})
		}
	}
	return o
}

// dgraphOptions is Badger's small profile. SyncWrites makes an acknowledged commit durable; it
// is off where a log does that (late.go). Conflict detection is off because there is only one
// writer. ValueThreshold is above the largest value with its header, so that nothing goes to
// the value log, where Badger turns damage into empty values. verify.go checks blocks, and
// values have their own checksums, so Badger's check on opening, which may panic, is off.
//
// Badger keeps the memory of up to eight tables that it has built, at the size of the
// largest one. So tables have the same small size on every level: with twice the size on
// each, a busy server held 400 MB, and its garbage collector could not keep up. Compactions
// cost a busy server as much as everything else together, and rarer, larger ones cost less:
// hence six tables on the first level and 32 MB on the one below it.
func dgraphOptions(dir string, o Options) dgraph.Options {
	small := dgraph.DefaultOptions(dir)
	small.TableSizeMultiplier = 1
	return small.
		WithInMemory(dir == "").
		WithSyncWrites(!o.late).
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
		WithLogger(dgraphLog{o.Logger})
}
