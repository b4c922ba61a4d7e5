package fsck

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"

	"doorward/backend/store/kv"
)

// Probe checks the files of a generation before Badger opens them. Badger opens tables on
// its own goroutines, where a damaged one causes a panic that nothing can catch, and it
// silently drops everything behind a damaged record of its log.
func Probe(dir string) error {
	logs, tables, err := probe(dir, false)
	if err != nil {
		return err
	}
	return probeManifest(tables, logs)
}

// probe checks each log and each table by itself. A log may be torn if it was not synced with
// each commit.
func probe(dir string, torn bool) (logs []probedLog, tables []*probed, err error) {
	paths, err := Files(dir, ".mem")
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		p, err := probeLog(path, torn)
		if err != nil {
			return nil, nil, err
		}
		logs = append(logs, p)
	}
	tables, err = probeTables(dir)
	return logs, tables, err
}

func probeTables(dir string) ([]*probed, error) {
	levels, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	paths, err := Files(dir, ".sst")
	if err != nil {
		return nil, err
	}
	merged := firstMerged(levels)
	tables := make([]*probed, len(paths))
	for i, path := range paths {
		id, _ := table.ParseFileID(filepath.Base(path))
		level, listed := levels[id]
		tables[i] = &probed{path: path, listed: listed, whole: listed && level <= merged}
	}
	return tables, Each(tables, probeTable)
}

// Files returns the paths of the files of one kind in dir, in the order of their names. A
// pattern would not do: dir can have any name, also one that means something in a pattern.
func Files(dir, kind string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), kind) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// RemoveEmpty deletes files that Badger was just creating when the process was killed.
// Badger would fail the first start that finds one.
func RemoveEmpty(dir string) error {
	for _, kind := range []string{".mem", ".vlog"} {
		files, err := Files(dir, kind)
		if err != nil {
			return err
		}
		for _, path := range files {
			info, err := os.Stat(path)
			if err == nil && info.Size() == 0 {
				err = os.Remove(path)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// probeTable opens one table on this goroutine, where its panic can be caught: that checks
// its index and reads its last block. A table that is not listed may be half-written by a
// crash, and Badger deletes it.
func probeTable(p *probed) (err error) {
	defer func() {
		if !p.listed {
			err = nil
		}
	}()
	defer recoverDamage(p.path, &err)
	file, err := z.OpenMmapFile(p.path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close(-1)
	t, err := table.OpenTable(file, tableOptions())
	if err == nil {
		p.newest = t.MaxVersion()
	}
	if err == nil && p.whole {
		err = Table(p.path)
	}
	return err
}

func tableOptions() table.Options {
	return table.Options{
		ReadOnly:    true,
		BlockSize:   4 << 10,
		Compression: options.Snappy,
		ChkMode:     options.NoVerification,
	}
}

// recoverDamage turns a panic or an error in a table into ErrCorrupt.
func recoverDamage(path string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%.200v", r)
	}
	if *err != nil && !errors.Is(*err, fs.ErrNotExist) {
		*err = fmt.Errorf("%w: table %s: %w", kv.ErrCorrupt, filepath.Base(path), *err)
	}
}

// Each runs fn on all items, on as many at once as there are processors.
func Each[T any](items []T, fn func(T) error) error {
	var (
		next   atomic.Int64
		all    sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	for range min(len(items), runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
				if err := fn(items[i]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return failed
}
