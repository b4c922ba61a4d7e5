package badger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/kvtest"
)

// A platter knows what a disk has for sure of the files that were synced.
type platter struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (p *platter) sync(f *os.File) error {
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files == nil {
		p.files = map[string][]byte{}
	}
	p.files[f.Name()] = data
	return f.Sync()
}

const page = 512 // the least that a disk writes

// powerCut returns a copy of dir as a power cut may leave it: of the logs only what was
// synced, and of the rest some parts, for each of which keep decides.
func (p *platter) powerCut(t *testing.T, dir string, keep func() bool) string {
	t.Helper()
	after := crashed(t, dir)
	logs, err := filepath.Glob(filepath.Join(generationOf(t, dir), "*.mem"))
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, log := range logs {
		now, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		sure := append(bytes.Clone(p.files[log]), make([]byte, len(now))...)[:len(now)]
		for at := 0; at < len(now); at += page {
			if end := min(at+page, len(now)); keep() {
				copy(sure[at:end], now[at:end])
			}
		}
		if err := os.WriteFile(filepath.Join(generationOf(t, after), filepath.Base(log)), sure, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return after
}

// A late store, with everything that its log got.
type lateStore struct {
	*Store
	t   *testing.T
	dir string
	on  *platter
	log []logged
	r   *rand.Rand
}

func openLate(t *testing.T) *lateStore {
	t.Helper()
	s := &lateStore{t: t, dir: filepath.Join(t.TempDir(), "store"), on: &platter{},
		r: rand.New(rand.NewPCG(kvtest.Seed(t), 5))}
	s.Store = s.open(s.dir)
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *lateStore) open(dir string) *Store {
	s.t.Helper()
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}, sync: s.on.sync,
		Send: func(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error {
			at := kv.Position{Index: uint64(len(s.log) + 1), Term: 7}
			s.log = append(s.log, logged{at, ops, writes})
			return commit(at)
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// write commits n batches with values of that size.
func (s *lateStore) write(n, size int) {
	s.t.Helper()
	for range n {
		value := make([]byte, 1+s.r.IntN(size))
		for i := range value {
			value[i] = byte(s.r.Uint32())
		}
		err := s.Update(s.t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			key, other := fmt.Append(nil, s.r.IntN(50)), fmt.Append(nil, s.r.IntN(50))
			return errors.Join(tx.Set(key, value), tx.Set([]byte("last"), key), tx.Delete(other))
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// recovers opens what a power cut left, which must be what was there after some entry from
// least on, and lets the rest of the log come again.
func (s *lateStore) recovers(after string, least uint64) (lost int) {
	s.t.Helper()
	b := s.open(after)
	defer b.Close()
	at := progress(s.t, b).Applied.Index
	if at < least || at > uint64(len(s.log)) {
		s.t.Fatalf("it is at entry %d, and was at %d; up to %d all was on the disk", at, len(s.log), least)
	}
	replayed, err := Open(Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer replayed.Close()
	apply := func(b *Store, entries []logged) {
		s.t.Helper()
		for _, e := range entries {
			if err := b.Apply(e.at, e.writes); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	apply(replayed, s.log[:at])
	if content(s.t, b) != content(s.t, replayed) {
		s.t.Errorf("it is at entry %d of %d, and has other data than after that entry", at, len(s.log))
	}
	apply(b, s.log[at:])
	if content(s.t, b) != content(s.t, s.Store) {
		s.t.Errorf("after the rest of the log from entry %d it has other data", at)
	}
	return len(s.log) - int(at)
}

// The power fails. What was not synced is there in part, in any part, or not at all: the
// store is what it was after some entry of the log, not before the last that may be cut, and
// the entries after it bring back the rest.
func TestAPowerCutLeavesWhatTheLogContinues(t *testing.T) {
	s := openLate(t)
	least := uint64(0)
	lost := 0
	cut := func(share float64) {
		t.Helper()
		lost += s.recovers(s.on.powerCut(t, s.dir, func() bool { return s.r.Float64() < share }), least)
	}
	for round := range 4 {
		s.write(5, 9<<10)
		for _, share := range []float64{0, 0.5, 0.95} {
			cut(share)
		}
		switch round {
		case 1, 3:
			least = uint64(len(s.log))
			if err := s.Pass(kv.Position{Index: least, Term: 7}); err != nil {
				t.Fatal(err)
			}
			cut(0)
		case 2:
			if err := s.Compact(t.Context()); err != nil { // another generation takes the place
				t.Fatal(err)
			}
			least = uint64(len(s.log))
			cut(0)
		}
	}
	if lost == 0 {
		t.Error("no power cut has taken anything")
	}
}

// The same after the store has gone on to its next log, and the full one has become a table.
func TestAPowerCutAfterALogBecameATable(t *testing.T) {
	s := openLate(t)
	s.write(300, 60<<10) // 9 MB; a log has 8
	logs := func() int { return fullLogs(t, s.dir) }
	for tries := 0; logs() > 1; tries++ { // each commit looks whether there is a next one to write
		if s.write(1, 10); tries > 5000 {
			t.Fatal("the full log does not become a table")
		}
	}
	for range 3 {
		s.recovers(s.on.powerCut(t, s.dir, func() bool { return s.r.IntN(3) > 0 }), 100)
	}
}

// A full log had not become a table yet, and its end was not on the disk, but the next one
// was. Badger would read both: the place in the log of the last commit, and not all before it.
func TestAPowerCutLeavesAGapBetweenTwoLogs(t *testing.T) {
	s := openLate(t)
	s.write(20, 1000)
	after := crashed(t, s.dir)
	full, _ := logOf(t, s.dir)
	s.write(300, 60<<10) // 9 MB; a log has 8
	next, data := logOf(t, s.dir)
	if filepath.Base(next) == filepath.Base(full) {
		t.Fatal("there is no next log")
	}
	if err := os.WriteFile(filepath.Join(generationOf(t, after), filepath.Base(next)), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if lost := s.recovers(after, 20); lost != 300 {
		t.Errorf("%d entries are lost", lost)
	}
}

// What the log knows nothing of is on the disk when it is answered, whatever was before it.
func TestWhatIsNotInTheLogIsSynced(t *testing.T) {
	anew := kv.Position{Index: 9, Term: 8}
	for name, do := range map[string]func(s *lateStore) error{
		"the mark of a cluster": func(s *lateStore) error { return s.SetCluster(t.Context(), []byte("mark")) },
		"another epoch":         func(s *lateStore) error { return s.BumpEpoch(t.Context()) },
		"the only copy":         func(s *lateStore) error { return FoundAnew(s.Store, anew, nil) },
		"on its own":            func(s *lateStore) error { return Separate(s.Store) },
	} {
		t.Run(name, func(t *testing.T) {
			s := openLate(t)
			s.write(5, 100)
			if err := do(s); err != nil {
				t.Fatal(err)
			}
			b := s.open(s.on.powerCut(t, s.dir, func() bool { return false }))
			defer b.Close()
			mark, err := b.Cluster(t.Context())
			was, err2 := s.Cluster(t.Context())
			if err := errors.Join(err, err2); err != nil || !bytes.Equal(mark, was) || b.Identity() != s.Identity() ||
				progress(t, b).Applied != progress(t, s.Store).Applied || content(t, b) != content(t, s.Store) {
				t.Errorf("a power cut took it, %v", err)
			}
		})
	}
}

// Part of what was synced is missing: that is damage, and not what a power cut does. The same
// if there is no log any more, with which the store could go on.
func TestDamageIsNoPowerCut(t *testing.T) {
	s := openLate(t)
	s.write(5, 100)
	if err := s.Pass(kv.Position{Index: 5, Term: 7}); err != nil {
		t.Fatal(err)
	}
	s.write(5, 100)
	copied := crashed(t, s.dir)
	if _, err := Open(Options{Config: kv.Config{Dir: copied, MinFree: 1}}); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Open without a log = %v", err)
	}
	name, data := logOf(t, copied)
	clear(data[logHeader+50:])
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Config: kv.Config{Dir: copied, MinFree: 1}, Send: s.o.Send})
	var told *kv.DirError
	if !errors.As(err, &told) || told.Problem != kv.DirDamaged {
		t.Errorf("Open without what was synced = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, s.dir) // it was closed, so there is nothing to come again
}
