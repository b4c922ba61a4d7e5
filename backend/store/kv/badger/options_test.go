package badger

import (
	"testing"

	"github.com/dgraph-io/badger/v4/options"

	"doorward/backend/store/kv"
)

// An acknowledgement is worthless without these options: on the disk before the answer, no
// value in the value log, whose damage reads as an empty value, and no check that kills the
// process over a damaged table.
func TestEngineKeepsWhatItAnswers(t *testing.T) {
	o := dgraphOptions(t.TempDir(), Options{}.withDefaults())
	if !o.SyncWrites {
		t.Error("an answer is given before its commit is on the disk")
	}
	if o.ValueThreshold <= kv.MaxValue+kv.SealBytes {
		t.Errorf("values of %d bytes and more lie in the value log; the largest has %d", o.ValueThreshold, kv.MaxValue+
			kv.SealBytes)
	}
	if o.ChecksumVerificationMode != options.NoVerification {
		t.Error("a damaged table ends the process at the start")
	}
	if o.NumVersionsToKeep != 1 || o.ReadOnly || o.InMemory {
		t.Errorf("the options are %+v", o)
	}
	if o.TableSizeMultiplier != 1 || 2*o.BaseTableSize > o.MemTableSize {
		t.Errorf("tables of %d bytes, %d times as large on each level: Badger keeps the memory of eight of the largest",
			o.BaseTableSize, o.TableSizeMultiplier)
	}
	if d := (Options{}).withDefaults(); d.MinFree < 4*memTableSize*numMemtables {
		t.Errorf("the floor of %d bytes is less than what is written between two looks", d.MinFree)
	}
}
