package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/kvtest"
	"doorward/build/need"
)

// kinds are the files of a data directory that the store writes.
var kinds = []string{
	"instance.key", "store/LOCK", "store/CURRENT", "store/*/MANIFEST", "store/*/KEYREGISTRY", "store/*/DISCARD",
	"store/*/ANSWERED", "store/*/LOCK", "store/*/*.sst", "store/*/*.mem", "store/*/*.vlog",
}

// randomHarms is the number of further random places to damage; make test-damage sets more
// with HARMS, and repeats a run with SEED.
const randomHarms = 30

// A disk or a person damages any one file of a data directory, in any of these ways. Either
// the start or a full verification refuses it with a sentence, or every answer is the same
// as before: no wrong answer is given, nothing is lost silently, nothing panics.
func TestHarmIsRefusedOrHarmless(t *testing.T) {
	need.Time(t)
	seed := kvtest.Seed(t)
	more := randomHarms
	if n, err := strconv.Atoi(os.Getenv("HARMS")); err == nil {
		more = n
	}
	r := rand.New(rand.NewPCG(seed, 9))
	whole, older, want := harmed(t, 1)
	other, _, _ := harmed(t, 2)
	var mu sync.Mutex
	verdicts := map[string]int{}
	verdict := func(v string) {
		mu.Lock()
		defer mu.Unlock()
		verdicts[v]++
	}
	hit := func(r *rand.Rand, kind string, h kvtest.Harm) {
		t.Helper()
		if kind == "store/*/*.sst" && h.Name == kvtest.Anothers {
			return // cannot be told apart today: docs/security.md says so
		}
		dir := copyOf(t, whole)
		defer os.RemoveAll(dir)
		name := largest(t, dir, kind)
		if name == "" {
			return // this store has no such file
		}
		read := func(from string) []byte {
			data, err := os.ReadFile(largest(t, from, kind))
			if err != nil {
				return nil // there is none: the harm is that it is missing
			}
			return data
		}
		data := h.Do(r, read(dir), read(other), read(older))
		err := os.Remove(name)
		if data != nil && err == nil {
			err = os.WriteFile(name, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := answers(dir)
		var told *access.Error
		switch {
		case err == nil && got == want:
			verdict("harmless")
		case err == nil:
			t.Errorf("%s, %s: it answers otherwise, and nobody is told (SEED=%d)", kind, h.Name, seed)
		case errors.As(err, &told) && told.Message != "" || errors.Is(err, kv.ErrCorrupt):
			verdict("refused")
		default:
			t.Errorf("%s, %s: refused without a sentence: %v (SEED=%d)", kind, h.Name, err, seed)
		}
	}
	var all sync.WaitGroup
	places := make(chan func(*rand.Rand))
	for range 4 {
		mine := rand.New(rand.NewPCG(seed, r.Uint64()))
		all.Go(func() {
			for place := range places {
				place(mine)
			}
		})
	}
	for _, kind := range kinds {
		for _, h := range kvtest.Harms {
			places <- func(r *rand.Rand) { hit(r, kind, h) }
		}
	}
	for range more {
		kind, h := []string{"store/*/*.sst", "store/*/*.mem", "store/*/MANIFEST"}[r.IntN(3)],
			kvtest.PlaceHarms[r.IntN(3)]
		places <- func(r *rand.Rand) { hit(r, kind, h) }
	}
	close(places)
	all.Wait()
	t.Logf("%d harms: %v", verdicts["refused"]+verdicts["harmless"], verdicts)
}

// harmed returns a data directory as a crash leaves it, with tables and a log, an older
// state of it, and its content.
func harmed(t *testing.T, instance int) (dir, older string, want [32]byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	s := harmable(t, dir)
	now := s.Now()
	err := fill(s, 2000, func(i int) access.Member {
		email := fmt.Sprintf("m%d.%d@example.com", instance, i)
		return access.Member{
			ID:         access.MemberID(fmt.Sprintf("%026d", i)),
			Email:      access.Address{Typed: email, Canonical: email},
			State:      access.Active,
			Roles:      []access.RoleName{access.Fleet},
			Invitation: access.Invitation{By: access.Operator, At: now, ExpiresAt: now},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	record := func(n int) {
		t.Helper()
		for i := range n {
			if err := s.Update(t.Context(), func(tx *Tx) error {
				return tx.Record(access.Operator, access.ActionInvite, fmt.Sprint(instance), fmt.Sprint(i))
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	record(20)
	older = copyOf(t, dir)
	record(20)
	crashed := copyOf(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	first := copyOf(t, crashed)
	want, err = answers(first)
	if err != nil {
		t.Fatal(err)
	}
	return crashed, older, want
}

func harmable(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Options{Engine: enginetest.Open, Dir: dir, MinFree: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answers returns a checksum of everything in a data directory, read as verify reads it.
func answers(dir string) (sum [32]byte, err error) {
	s, err := Open(Options{Engine: enginetest.Open, Dir: dir, MinFree: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return sum, err
	}
	defer s.Close()
	if _, err := s.Verify(context.Background()); err != nil {
		return sum, err
	}
	all := sha256.New()
	err = s.Each(context.Background(), func(key, value []byte) error {
		fmt.Fprintf(all, "%d %s %d %s", len(key), key, len(value), value)
		return nil
	})
	return [32]byte(all.Sum(nil)), err
}

func copyOf(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// largest returns the largest file of a kind; empty if there is none.
func largest(t *testing.T, dir, kind string) (name string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, kind))
	if err != nil {
		t.Fatal(err)
	}
	most := int64(-1)
	for _, file := range all {
		if info, err := os.Stat(file); err == nil && info.Size() > most {
			name, most = file, info.Size()
		}
	}
	return name
}
