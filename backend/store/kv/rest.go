package kv

import (
	"path/filepath"
	"strings"

	"doorward/backend/mapped"
)

// Rest gives the system back what has been read of the tables, which Badger maps
// into memory. Nothing is lost; what is read again comes from the disk once.
func (b *Badger) Rest() {
	for _, m := range b.mappedTables() {
		m.PageOut() // a compaction may unmap it at the same time
	}
}

// mappedTables are this store's own, as they are mapped.
func (b *Badger) mappedTables() (found []mapped.Mapping) {
	dir, err := filepath.Abs(b.o.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil || b.o.Dir == "" {
		return nil
	}
	for _, m := range mapped.All() {
		if strings.HasPrefix(m.File, dir+"/") && strings.HasSuffix(m.File, ".sst") {
			found = append(found, m)
		}
	}
	return found
}
