package badger

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger/fsck"
)

// Every key of the database begins with a byte of ours, so that no caller's key can collide
// with the sentinel or with Badger's own keys.
const (
	dataMark = fsck.DataMark
	metaMark = fsck.MetaMark
)

// A generation is one open Badger database. Compact replaces it while Views may still be
// reading, so it counts its users and closes after the last one.
type generation struct {
	db      *dgraph.DB
	dir     string // empty in memory
	refs    atomic.Int64
	idle    chan struct{}
	commits commits

	acked *ackMarker
	spare *spare
	late  *late // nil if Badger syncs each commit
}

// openGeneration opens or creates the Badger database in dir. A panic of Badger on this
// goroutine comes back as an error; fsck.Probe prevents those on Badger's own goroutines.
func openGeneration(dir string, o Options) (e *generation, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("%w: opening panicked: %v", kv.ErrCorrupt, r)
		}
	}()
	unsynced, err := hasUnsynced(dir)
	if err != nil {
		return nil, err
	}
	db, err := dgraph.OpenManaged(dgraphOptions(dir, o))
	if err != nil {
		return nil, err
	}
	e = &generation{db: db, dir: dir, idle: make(chan struct{})}
	e.refs.Store(1)
	e.commits.readers = make(map[uint64]int)
	e.commits.last.Store(db.MaxVersion())
	if e.acked, err = openAckMarker(dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if e.spare, err = newSpare(dir); err != nil {
		return nil, errors.Join(err, db.Close(), e.acked.close())
	}
	if o.late {
		e.late = &late{dir: dir, sync: o.sync, begun: unsynced}
	}
	return e, nil
}

// acquire keeps e open until release. It returns false if e is being closed.
func (e *generation) acquire() bool {
	for {
		n := e.refs.Load()
		if n == 0 {
			return false
		}
		if e.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (e *generation) release() {
	if e.refs.Add(-1) == 0 {
		close(e.idle)
	}
}

// retire waits until e has no users, and closes it.
func (e *generation) retire() error {
	e.release()
	<-e.idle
	if e.dir == "" {
		return e.close()
	}
	done := make(chan error, 1)
	go func() { done <- e.close() }()
	err, ok := waitUnlessStuck(e.dir, done)
	if !ok {
		return errStuck
	}
	return err
}

func (e *generation) close() error {
	err := errors.Join(e.spare.remove(), e.db.Close(), e.acked.close())
	if err == nil {
		err = e.late.end()
	}
	return err
}

// errStuck says that an engine could not finish its work on a full disk. All acknowledged
// data is in its log, as after a crash; its files are still in use, so its directory stays
// locked until the process ends.
var errStuck = errors.New("the disk is full: the store was left as it is, and the next start reads its log")

// acquireCurrent returns the current generation, held open until release.
func (b *Store) acquireCurrent() (*generation, error) {
	for {
		e := b.current.Load()
		if e == nil {
			return nil, errClosed
		}
		if err := b.broken.Load(); err != nil {
			return nil, *err
		}
		if e.acquire() {
			return e, nil
		}
		if b.current.Load() == e {
			return nil, errClosed
		}
	}
}

// breakDown stops all further use, because memory may no longer match the disk.
func (b *Store) breakDown(err error) {
	if b.broken.CompareAndSwap(nil, &err) {
		b.o.Logger.Error("the store has stopped", "err", err)
	}
}

func (b *Store) generationDir(name string) string {
	if b.o.Dir == "" {
		return ""
	}
	return filepath.Join(b.o.Dir, name)
}

var errClosed = fmt.Errorf("%w: it is closed", kv.ErrUnavailable)
