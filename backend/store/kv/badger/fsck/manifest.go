package fsck

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// A probed table has what probeManifest needs to know about it.
type probed struct {
	path   string
	listed bool   // the MANIFEST lists it
	whole  bool   // every block of it was checked before any merge
	newest uint64 // the number of its newest commit; zero if it cannot be opened
}

// probeManifest refuses a list of tables that has lost its end. Badger deletes a table that
// is not listed: after a crash that is a half-written one, whose content is also in the log
// or in the tables that it was to replace. If neither has its newest commit, the list is
// wrong, and the table's data would be lost for good.
func probeManifest(tables []*probed, logs []probedLog) error {
	var known uint64
	for _, t := range tables {
		if t.listed {
			known = max(known, t.newest)
		}
	}
	for _, t := range tables {
		logged := slices.ContainsFunc(logs, func(l probedLog) bool { return l.first <= t.newest && t.newest <= l.last })
		if !t.listed && t.newest > known && !logged {
			return fmt.Errorf("%w: MANIFEST does not name table %s, whose commit %d is nowhere else", kv.ErrCorrupt,
				filepath.Base(t.path), t.newest)
		}
	}
	return nil
}

// readManifest returns the tables of the database with their levels, according to its own
// list.
func readManifest(dir string) (levels map[uint64]int, err error) {
	f, err := os.Open(filepath.Join(dir, dgraph.ManifestFilename))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := dgraph.ReplayManifestFile(f, 0, dgraph.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		return nil, fmt.Errorf("%w: MANIFEST: %w", kv.ErrCorrupt, err)
	}
	levels = make(map[uint64]int, len(m.Tables))
	for id, t := range m.Tables {
		levels[id] = int(t.Level)
	}
	return levels, nil
}

// firstMerged is the level down to which a start checks every block. The first compactions,
// and the one on close, merge the first level into the next one that has data. A damaged
// block in that merge causes a panic on a goroutine of Badger, or cuts the copy short. Both
// levels are kept small (engineOptions); the levels below are checked while the store runs.
func firstMerged(levels map[uint64]int) int {
	first := math.MaxInt
	for _, level := range levels {
		if level > 0 {
			first = min(first, level)
		}
	}
	return first
}
