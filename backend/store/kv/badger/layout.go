package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"doorward/backend/private"
)

// The directory of a store:
//
//	LOCK      locked while a process uses the store
//	CURRENT   names the current generation
//	000001/   a generation: one Badger database
//	CREATING  exists while the first generation is made, before CURRENT does
//
// Compact and Load build a new generation beside the current one and then replace CURRENT,
// with one atomic rename. Any generation that CURRENT does not name is unfinished or
// outdated, and is deleted at the next start. CREATING distinguishes a first start that was
// killed from a store whose CURRENT was deleted.
const (
	lockName     = "LOCK"
	currentName  = "CURRENT"
	creatingName = "CREATING"
	currentHead  = "doorward store 1 generation "
)

func ourName(name string) bool {
	switch name {
	case lockName, currentName, creatingName, currentName + ".tmp", "lost+found":
		return true
	}
	return isGeneration(name)
}

func isGeneration(name string) bool {
	n, err := strconv.Atoi(name)
	return err == nil && n > 0 && name == generationName(n)
}

func generationName(n int) string { return fmt.Sprintf("%06d", n) }

// findCurrent returns the name of the current generation, or "" if the directory is new. A
// directory that contained a store but does not name a current generation is refused.
func findCurrent(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, currentName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", checkFresh(dir)
	}
	if err != nil {
		return "", unusable(dir, err)
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(string(text), "\n"), currentHead)
	if !ok || !isGeneration(name) {
		return "", damaged(dir, errors.New("CURRENT does not name a generation"))
	}
	// Badger takes a directory without a MANIFEST for a new one and opens it as empty.
	if _, err := os.Stat(filepath.Join(dir, name, "MANIFEST")); err != nil {
		return "", damaged(dir, err)
	}
	return name, nil
}

func checkFresh(dir string) error {
	names, err := listDir(dir)
	if err != nil {
		return unusable(dir, err)
	}
	half := false
	found := 0
	for _, name := range names {
		half = half || name == creatingName
		if isGeneration(name) {
			found++
		}
	}
	if found > 0 && !half {
		return damaged(dir, errors.New("there is data, but no CURRENT"))
	}
	return nil
}

// setCurrent makes a generation the current one. Whenever the machine stops, CURRENT names
// this one or the previous one; after an error, too, it may be either.
func (b *Store) setCurrent(name string) error {
	tmp := filepath.Join(b.o.Dir, currentName+".tmp")
	if err := writeSynced(tmp, currentHead+name+"\n"); err != nil {
		return err
	}
	if err := b.rename(tmp, filepath.Join(b.o.Dir, currentName)); err != nil {
		return err
	}
	return private.SyncDir(b.o.Dir)
}

// sweepDir deletes every generation but keep, and half-written files.
func sweepDir(dir, keep string) error {
	names, err := listDir(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if (isGeneration(name) && name != keep) || name == currentName+".tmp" {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextGeneration returns a free name.
func nextGeneration(dir string) (string, error) {
	names, err := listDir(dir)
	if err != nil {
		return "", err
	}
	last := 0
	for _, name := range names {
		if isGeneration(name) {
			n, _ := strconv.Atoi(name)
			last = max(last, n)
		}
	}
	return generationName(last + 1), nil
}

func writeSynced(path, text string) error { return private.Write(path, []byte(text)) }

func listDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}
