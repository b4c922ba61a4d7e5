package badger

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"doorward/backend/private"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger/fsck"
)

// A Store is one open store: one process, and one directory or memory.
type Store struct {
	o        Options
	lock     *os.File
	current  atomic.Pointer[generation] // nil once closed
	broken   atomic.Pointer[error]      // the reason why nothing works any more
	identity atomic.Pointer[kv.Identity]

	writer    *writer
	followers followers
	hub       *hub
	disk      *disk
	tables    tableCheck
	rename    func(from, to string) error // os.Rename
	members   atomic.Pointer[members]     // to be stored with the next batch
	applied   atomic.Uint64               // the last entry of the log that is included; only the writer changes it
	stuck     atomic.Bool                 // it is closing on a full disk, with work that waits for room

	stop      chan struct{}
	jobs      sync.WaitGroup // background work
	rewriting chan struct{}  // holds a token while a generation is built
	closeOnce sync.Once
	closeErr  error
}

var _ interface {
	kv.Store
	kv.CommitFollower
	kv.Snapshotter
	kv.Loader
	kv.Compactor
	kv.Identified
} = (*Store)(nil)

// Open opens the store in o.Dir, or creates it if the directory is missing or empty. An
// unusable directory is refused with a kv.DirError or a kv.FullError and left unchanged.
// From the first Open on, the process creates files that only its own user can read.
func Open(o Options) (*Store, error) {
	b := newStore(o)
	if err := b.open(); err != nil {
		return nil, err
	}
	return b, nil
}

func newStore(o Options) *Store {
	o = o.withDefaults()
	b := &Store{o: o, hub: newHub(), disk: newDisk(o), rename: os.Rename,
		stop: make(chan struct{}), rewriting: make(chan struct{}, 1)}
	b.writer = newWriter(b)
	return b
}

func (b *Store) open() error {
	open := b.openDir
	if b.o.Dir == "" {
		open = b.openMemory
	}
	if err := open(); err != nil {
		return b.refused(err)
	}
	go b.writer.loop()
	b.background(func() { b.disk.watch(b.stop) })
	b.background(b.checkTables)
	return nil
}

func (b *Store) background(job func()) {
	b.jobs.Add(1)
	go func() {
		defer b.jobs.Done()
		job()
	}()
}

func (b *Store) openMemory() error {
	e, err := openGeneration("", b.o)
	if err != nil {
		return err
	}
	return b.adopt(e, true)
}

func (b *Store) openDir() error {
	dir := b.o.Dir
	if err := guardDir(dir, b.o.Logger); err != nil {
		return err
	}
	names, err := listDir(dir)
	if err != nil {
		return unusable(dir, err)
	}
	if err := guardNames(dir, names); err != nil {
		return err
	}
	if b.lock, err = lockDir(dir); err != nil {
		return err
	}
	if err := b.disk.startRefusal(); err != nil {
		return err
	}
	name, err := findCurrent(dir)
	if err != nil {
		return err
	}
	if name == "" {
		return b.create()
	}
	return b.reopen(name)
}

// create makes the first generation. A start that is killed half-way leaves CREATING, and
// the next one starts over.
func (b *Store) create() error {
	dir, name := b.o.Dir, generationName(1)
	creating := filepath.Join(dir, creatingName)
	if err := writeSynced(creating, ""); err != nil {
		return err
	}
	if err := errors.Join(private.SyncDir(dir), sweepDir(dir, "")); err != nil {
		return err
	}
	e, err := openGeneration(b.generationDir(name), b.o)
	if err != nil {
		return err
	}
	if err := b.adopt(e, true); err != nil {
		return errors.Join(err, e.retire())
	}
	if err = private.SyncDir(e.dir); err == nil {
		err = b.setCurrent(name)
	}
	if err == nil {
		err = errors.Join(os.Remove(creating), private.SyncDir(dir))
	}
	if err != nil {
		return errors.Join(err, e.retire())
	}
	return nil
}

func (b *Store) reopen(name string) error {
	err := private.SyncDir(b.o.Dir) // before the other generation goes: CURRENT was perhaps replaced and not synced
	if err == nil {
		err = sweepDir(b.o.Dir, name)
	}
	if err != nil {
		return unusable(b.o.Dir, err)
	}
	os.Remove(filepath.Join(b.o.Dir, creatingName))
	dir := b.generationDir(name)
	if err := b.probe(dir); err != nil {
		return err
	}
	if err := fsck.RemoveEmpty(dir); err != nil {
		return unusable(b.o.Dir, err)
	}
	e, err := openGeneration(dir, b.o)
	if err != nil {
		return damaged(b.o.Dir, err)
	}
	if err := b.nothingLost(e); err != nil {
		return errors.Join(damaged(b.o.Dir, err), e.retire())
	}
	if err := b.adopt(e, false); err != nil {
		return errors.Join(err, e.retire())
	}
	return nil
}

// nothingLost refuses a generation that lacks an acknowledged commit.
func (b *Store) nothingLost(e *generation) error {
	txn := e.latest()
	defer txn.Discard()
	return e.acked.check(txn)
}

// adopt makes e the current generation, with a new sentinel or its own.
func (b *Store) adopt(e *generation, fresh bool) error {
	s := newSentinel(b.o.Now())
	var err error
	if fresh {
		err = putSentinel(e, s)
	} else {
		s, err = getSentinel(e)
	}
	if err != nil {
		return err
	}
	if err := b.findApplied(e); err != nil {
		return err
	}
	b.identity.Store(&s)
	b.current.Store(e)
	return nil
}

// refused releases the directory and adds to the error what is wrong with it.
func (b *Store) refused(err error) error {
	if b.lock != nil {
		b.lock.Close()
	}
	switch {
	case errors.Is(err, errNoSentinel):
		err = &kv.DirError{Dir: b.o.Dir, Problem: kv.DirUnmarked, Err: err}
	case errors.Is(err, kv.ErrNewer):
		err = &kv.DirError{Dir: b.o.Dir, Problem: kv.DirNewer, Err: err}
	case errors.Is(err, fs.ErrPermission):
		err = unusable(b.o.Dir, err)
	}
	cause := err
	var dir *kv.DirError
	if errors.As(err, &dir) {
		cause = dir.Err
	}
	// otherwise its sentence says everything
	if errors.Is(err, kv.ErrCorrupt) || dir == nil && !errors.Is(err, kv.ErrReadOnly) {
		b.o.Logger.Error("the store was not opened", "dir", b.o.Dir, "cause", cause)
	}
	return err
}

// View implements Store.
func (b *Store) View(ctx context.Context, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := b.acquireCurrent()
	if err != nil {
		return err
	}
	defer e.release()
	snap := e.snapshot()
	tx := &viewTx{ctx: ctx, b: b, txn: snap.Txn}
	defer func() {
		tx.over = true
		snap.release()
	}()
	return fn(tx)
}

// Close implements Store. It can be called again and returns the same result.
func (b *Store) Close() error {
	b.closeOnce.Do(func() { b.closeErr = b.shut() })
	return b.closeErr
}

func (b *Store) shut() error {
	close(b.stop)
	close(b.writer.closing)
	<-b.writer.stopped
	b.rewriteEnds() // a Compact or Load in progress stops first
	b.hub.close()
	err := b.current.Swap(nil).retire()
	if errors.Is(err, errStuck) || b.stuck.Load() {
		b.o.Logger.Warn("the store was closed", "err", errStuck)
		return nil
	}
	b.jobs.Wait()
	if b.lock != nil {
		err = errors.Join(err, b.lock.Close())
	}
	return err
}

// rewriteEnds waits for a Compact or Load, unless that waits for room.
func (b *Store) rewriteEnds() {
	ended := make(chan struct{})
	go func() {
		b.rewriting <- struct{}{}
		close(ended)
	}()
	if _, ok := waitUnlessStuck(b.o.Dir, ended); !ok {
		b.stuck.Store(true)
	}
}
