// Package badgertest looks into the files of package badger, for tests.
package badgertest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

// Traces reports in which files of a data directory each needle's bytes occur. It searches
// the raw bytes of every file, and also every record of a table: in a table, keys share
// prefixes and blocks are compressed, so the raw bytes may not contain what was written.
func Traces(dir string, needles []string) (map[string][]string, error) {
	found := map[string][]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := readable(name)
		for _, n := range needles {
			if bytes.Contains(text, []byte(n)) {
				found[n] = append(found[n], strings.TrimPrefix(name, dir+string(filepath.Separator)))
			}
		}
		return err
	})
	return found, err
}

// readable returns a file's bytes, followed by its records if it is a table.
func readable(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".sst" {
		return text, err
	}
	file, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close(-1)
	t, err := table.OpenTable(file, table.Options{ReadOnly: true, BlockSize: 4 << 10, Compression: options.Snappy})
	if err != nil {
		return nil, err
	}
	it := t.NewIterator(0)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		text = append(append(append(text, it.Key()...), '\n'), it.Value().Value...)
		text = append(text, '\n')
	}
	return text, nil
}
