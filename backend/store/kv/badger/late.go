package badger

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/private"
	"doorward/backend/store/kv/badger/fsck"
)

// Where several machines keep this store, a batch is in the log on the disk, of a majority,
// before it is committed here. Badger need not sync it once more: what a power cut takes from
// Badger comes again from the log. Such commits are late. A process that is killed loses
// none of them, since the system has them.
//
// Late commits are synced before the log is cut (Pass). What is not in the log is never late:
// commit syncs it, and with it whatever was before it. So a generation that takes the place of
// another is on the disk. ANSWERED names the last commit that was synced.
//
// Badger's logs are mapped files, whose pages the system writes in any order. After a power
// cut a log can lack a part in the middle, and the next one be whole. fsck.Settle takes away
// what follows a gap, so that the store is what it was after some commit. It says so by its
// place in the log, which is in the same commit. The file UNSYNCED says that this must be
// done. It is there from before the first late commit until Badger was closed, which makes
// tables of all logs.
const unsyncedName = "UNSYNCED"

// A late knows what is needed for late commits in a generation.
type late struct {
	dir   string
	sync  func(*os.File) error
	begun bool // UNSYNCED is on the disk
}

// commitLate makes txn readable, and durable before that unless commits are late.
func (e *generation) commitLate(txn *dgraph.Txn) error {
	if err := e.late.begin(); err != nil {
		return err
	}
	return e.write(txn)
}

func (l *late) begin() error {
	if l == nil || l.begun {
		return nil
	}
	err := errors.Join(writeSynced(filepath.Join(l.dir, unsyncedName), ""), private.SyncDir(l.dir))
	l.begun = err == nil
	return err
}

// end is called after Badger was closed.
func (l *late) end() error {
	if l == nil || !l.begun {
		return nil
	}
	return errors.Join(os.Remove(filepath.Join(l.dir, unsyncedName)), private.SyncDir(l.dir))
}

func hasUnsynced(dir string) (bool, error) {
	if dir == "" {
		return false, nil
	}
	_, err := os.Stat(filepath.Join(dir, unsyncedName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// sync makes all commits durable. Nothing may be committed meanwhile. A log that is gone has
// become a table, which Badger syncs.
func (e *generation) sync() error {
	if e.late == nil {
		return nil
	}
	logs, err := fsck.Files(e.dir, ".mem")
	if err != nil {
		return err
	}
	for _, log := range logs {
		if err := e.late.syncFile(log); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := private.SyncDir(e.dir); err != nil {
		return err
	}
	e.acked.record(e.commits.last.Load())
	return nil
}

func (l *late) syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(l.sync(f), f.Close())
}

// probe checks the files of a generation before Badger opens them.
func (b *Store) probe(dir string) error {
	unsynced, err := hasUnsynced(dir)
	switch {
	case err != nil:
		return unusable(b.o.Dir, err)
	case unsynced && !b.o.logged:
		return unusable(b.o.Dir, errWithoutLog)
	case unsynced:
		_, err = fsck.Settle(dir, recordedIn(dir))
	default:
		err = fsck.Probe(dir)
	}
	if err != nil {
		return damaged(b.o.Dir, err)
	}
	return nil
}

var errWithoutLog = errors.New("its latest changes are perhaps only in the log of the cluster that it belongs to")
