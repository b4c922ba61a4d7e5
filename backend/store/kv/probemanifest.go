package kv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/ristretto/v2/z"
)

// A probed table: what probeManifest needs to know of it.
type probed struct {
	path   string
	listed bool   // MANIFEST names it
	newest uint64 // the number of the newest commit in it; zero where it cannot be opened
}

// probeManifest refuses a list of tables that has lost its end. Badger removes
// a table that is not on the list: after a crash that is one that was just being
// written, and what is in it stands in the log too, or in the tables that it was
// to replace. Where neither has its newest commit, the list is wrong, and the
// table would be gone for good.
func probeManifest(tables []*probed, logs []string) error {
	var known uint64
	for _, t := range tables {
		if t.listed {
			known = max(known, t.newest)
		}
	}
	for _, t := range tables {
		if t.listed || t.newest <= known {
			continue
		}
		logged, err := anyHolds(logs, t.newest)
		if err != nil {
			return err
		}
		if !logged {
			return fmt.Errorf("%w: MANIFEST does not name table %s, whose commit %d is nowhere else", ErrCorrupt, filepath.Base(t.path), t.newest)
		}
	}
	return nil
}

// readManifest is which tables the database has, as it says itself.
func readManifest(dir string) (map[uint64]bool, error) {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := badger.ReplayManifestFile(f, 0, engineOptions(dir, Options{}.withDefaults()))
	if err != nil {
		return nil, fmt.Errorf("%w: MANIFEST: %w", ErrCorrupt, err)
	}
	listed := make(map[uint64]bool, len(m.Tables))
	for id := range m.Tables {
		listed[id] = true
	}
	return listed, nil
}

// anyHolds reports whether one of the logs holds a commit.
func anyHolds(logs []string, commit uint64) (bool, error) {
	for _, path := range logs {
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		if info.Size() <= logHeader {
			continue
		}
		file, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
		if err != nil {
			return false, err
		}
		log := bytes.TrimRight(file.Data, "\x00")
		first, ok := logRecord{}, false
		if len(log) > logHeader {
			first, ok = readRecord(log[logHeader:])
		}
		_, last := wholeCommits(log)
		file.Close(-1)
		if ok && first.commit <= commit && commit <= last {
			return true, nil
		}
	}
	return false, nil
}
