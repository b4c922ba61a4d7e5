package badger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"doorward/backend/store/kv"
)

// A logged batch is what Options.Send was given.
type logged struct {
	at     kv.Position
	ops    []kv.OpID
	writes []byte
}

// leading opens a store whose batches go into a log, as that of a leading machine.
func leading(t *testing.T, dir string) (b *Store, log *[]logged) {
	t.Helper()
	log = &[]logged{}
	b, err := Open(Options{
		Config: kv.Config{Dir: dir, MinFree: 1},
		Send: func(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error {
			at := kv.Position{Index: uint64(len(*log) + 1), Term: 7}
			*log = append(*log, logged{at, ops, writes})
			return commit(at)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, log
}

func openAt(t *testing.T, dir string) *Store {
	t.Helper()
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// content is everything in the store, in one text.
func content(t *testing.T, b *Store) string {
	t.Helper()
	var all bytes.Buffer
	err := b.Each(t.Context(), nil, func(key, value []byte) error {
		fmt.Fprintf(&all, "%q=%q ", key, value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func progress(t *testing.T, b *Store) Progress {
	t.Helper()
	p, err := b.Progress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The batches of one store, applied to another, leave the same content and the same place
// in the log; followers and watchers there are told of each change; and a restart in the
// middle continues at the next entry.
func TestABatchAppliedElsewhereIsTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copy")
	leader, log := leading(t, filepath.Join(t.TempDir(), "leader"))
	op := kv.NewOp()
	err := leader.Update(t.Context(), op, func(tx kv.Tx) error {
		return errors.Join(tx.Set([]byte("a"), []byte("1")), tx.Set([]byte("b"), nil),
			tx.Set([]byte("\xff"), []byte("x")))
	})
	if err != nil {
		t.Fatal(err)
	}
	setKey(t, leader, "c")
	err = leader.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return errors.Join(tx.Delete([]byte("a")), tx.Delete([]byte("never")), tx.Set([]byte("b"), []byte("2")))
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(*log) != 3 || !slices.Equal((*log)[0].ops, []kv.OpID{op}) {
		t.Fatalf("the log has %d batches, the first of %q", len(*log), (*log)[0].ops)
	}
	follower := openAt(t, dir)
	var told []string
	follower.OnCommit(func(events []kv.Event) {
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %v", e.Key, e.Deleted))
		}
	})
	events, err := follower.Watch(t.Context(), []byte("b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Apply((*log)[0].at, (*log)[0].writes); err != nil {
		t.Fatal(err)
	}
	if e := <-events; string(e.Key) != "b" || e.Deleted {
		t.Errorf("the watcher was told of %q", e.Key)
	}
	if want := []string{"a false", "b false", "\xff false"}; !slices.Equal(told, want) {
		t.Errorf("followers were told %q, want %q", told, want)
	}
	if err := follower.Close(); err != nil {
		t.Fatal(err)
	}
	follower = openAt(t, dir)
	for _, batch := range (*log)[progress(t, follower).Applied.Index:] {
		if err := follower.Apply(batch.at, batch.writes); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := content(t, follower), content(t, leader); got != want {
		t.Errorf("the copy has %s, want %s", got, want)
	}
	if got, want := progress(t, follower), progress(t, leader); got.Applied != want.Applied || got.Applied.Index != 3 {
		t.Errorf("the copy is at %+v, want %+v", got.Applied, want.Applied)
	}
}

// A log can be damaged. No part of such a batch is committed, and the place stays where it
// is.
func TestADamagedBatchIsRefused(t *testing.T) {
	leader, log := leading(t, "")
	setKey(t, leader, "first")
	setKey(t, leader, "second")
	whole := (*log)[1].writes
	b, err := Open(Options{Config: kv.Config{Logger: slog.New(slog.DiscardHandler)}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Apply((*log)[0].at, (*log)[0].writes); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		for _, damaged := range [][]byte{whole[:n], append(bytes.Clone(whole[:n]), whole[n]^0x41)} {
			if n == 0 && len(damaged) == 0 {
				continue // a batch of nothing
			}
			if len(damaged) > n {
				damaged = append(damaged, whole[n+1:]...)
			}
			if err := b.Apply((*log)[1].at, damaged); !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("damaged at byte %d: %v", n, err)
			}
		}
	}
	if got := content(t, b); got != `"first"="v" ` || progress(t, b).Applied.Index != 1 {
		t.Errorf("the store has %s, and is at %+v", got, progress(t, b))
	}
	if err := b.Apply((*log)[1].at, whole); err != nil {
		t.Errorf("the whole batch: %v", err)
	}
}

// The batch is the caller's again when it was applied, and the events of it are of keys that
// stay as they were.
func TestAnAppliedBatchIsNotKept(t *testing.T) {
	leader, log := leading(t, "")
	setKey(t, leader, "first")
	b := openAt(t, filepath.Join(t.TempDir(), "store"))
	events, err := b.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	batch := (*log)[0]
	if err := b.Apply(batch.at, batch.writes); err != nil {
		t.Fatal(err)
	}
	clear(batch.writes)
	if e := <-events; string(e.Key) != "first" {
		t.Errorf("the watcher was told of %q", e.Key)
	}
	if got := content(t, b); got != `"first"="v" ` {
		t.Errorf("the store has %s", got)
	}
}

// Who has a copy is known as of an entry that the store includes, and never earlier: a
// restart would take a list for settled that the log may still take back.
func TestMembersAreStoredWithTheBatchThatFollows(t *testing.T) {
	b := openAt(t, filepath.Join(t.TempDir(), "store"))
	b.SetMembers(5, []byte("three"))
	if err := b.Apply(kv.Position{Index: 4, Term: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, b); p.Members != nil {
		t.Errorf("at entry 4 the members of entry 5 are known: %+v", p)
	}
	if err := b.Pass(kv.Position{Index: 5, Term: 1}); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, b); string(p.Members) != "three" || p.MembersAt != 5 || p.Applied.Index != 5 || p.Cut != 5 {
		t.Errorf("after entry 5: %+v", p)
	}
	if err := b.Apply(kv.Position{Index: 9, Term: 2}, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Pass(kv.Position{Index: 7, Term: 2}), b.Compact(t.Context())); err != nil {
		t.Fatal(err)
	}
	p := progress(t, b)
	if string(p.Members) != "three" || p.Applied != (kv.Position{Index: 9, Term: 2}) || p.Cut != 7 {
		t.Errorf("after a cut at entry 7, and compacted: %+v", p)
	}
}

// receive copies everything from one store to another.
func receive(t *testing.T, from, to *Store) (*Received, *Copy) {
	t.Helper()
	c, err := from.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := to.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Each(t.Context(), r.Add); err != nil {
		t.Fatal(err)
	}
	return r, c
}

// A copy replaces everything that was there, at once: data, place, members and identity.
// One that is abandoned, or that a crash interrupts, changes nothing.
func TestACopyReplacesEverything(t *testing.T) {
	leader, _ := leading(t, filepath.Join(t.TempDir(), "leader"))
	for i := range 300 {
		setKey(t, leader, fmt.Sprintf("k%03d", i))
	}
	leader.SetMembers(2, []byte("two"))
	setKey(t, leader, "last")
	dir := filepath.Join(t.TempDir(), "copy")
	b := openAt(t, dir)
	setKey(t, b, "old")
	if err := b.SetCluster(t.Context(), []byte("mark")); err != nil {
		t.Fatal(err)
	}
	events, err := b.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := receive(t, leader, b)
	if err := r.Abandon(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, b); got != `"old"="v" ` {
		t.Errorf("after a copy that was abandoned: %s", got)
	}
	r, c := receive(t, leader, b)
	if n, err := countAll(crashed(t, dir)); err != nil || n != 1 {
		t.Errorf("a crash in the middle leaves %d keys, %v", n, err)
	}
	if err := r.Install(context.Background(), c.Progress, c.Identity); err != nil {
		t.Fatal(err)
	}
	if e := <-events; !e.Resync {
		t.Errorf("the watcher was told of %q", e.Key)
	}
	check := func(when string, b *Store) {
		t.Helper()
		mark, err := b.Cluster(t.Context())
		p := progress(t, b)
		if content(t, b) != content(t, leader) || b.Identity() != leader.Identity() || p.Applied.Index != 301 ||
			p.Cut != 301 || string(p.Members) != "two" || string(mark) != "mark" || err != nil {
			t.Errorf("%s: %+v, %q, %v", when, p, mark, err)
		}
	}
	check("installed", b)
	if n, err := countAll(crashed(t, dir)); err != nil || n != 301 {
		t.Errorf("a crash afterwards leaves %d keys, %v", n, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	check("opened again", openAt(t, dir))
}

// A copy is installed while a reader is in the middle of what was there. That is no reason to
// wait, or to say that it was not installed: whoever believed that would go on with the
// entries that the copy includes.
func TestACopyDoesNotWaitForReaders(t *testing.T) {
	leader, _ := leading(t, filepath.Join(t.TempDir(), "leader"))
	setKey(t, leader, "new")
	b := openAt(t, filepath.Join(t.TempDir(), "copy"))
	setKey(t, b, "old")
	r, c := receive(t, leader, b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.OnCommit(func([]kv.Event) { cancel() }) // it is the current one now
	err := b.Each(t.Context(), nil, func(key, _ []byte) error {
		if err := r.Install(ctx, c.Progress, c.Identity); err != nil {
			t.Errorf("Install = %v", err)
		}
		if got := string(key); got != "old" {
			t.Errorf("the reader sees %s", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, b), content(t, leader); got != want {
		t.Errorf("it has %s, want %s", got, want)
	}
}

// Entries come again that the store includes already. They are not applied twice: the later
// ones would be undone.
func TestAnEntryIsNotAppliedAgain(t *testing.T) {
	leader, log := leading(t, "")
	for _, value := range []string{"1", "2", "3"} {
		err := leader.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			return tx.Set([]byte("k"), []byte(value))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "copy")
	b := openAt(t, dir)
	apply := func(batches []logged) {
		t.Helper()
		for _, batch := range batches {
			if err := b.Apply(batch.at, batch.writes); err != nil {
				t.Fatal(err)
			}
		}
	}
	apply(*log)
	same := func(when string) {
		t.Helper()
		id := b.Identity()
		apply((*log)[:2])
		other := id
		other.Instance = "another"
		if err := b.Adopt(kv.Position{Index: 2, Term: 7}, other); err != nil {
			t.Fatal(err)
		}
		if got := content(t, b); got != `"k"="3" ` || progress(t, b).Applied.Index != 3 || b.Identity() != id {
			t.Errorf("%s: it has %s, and is at %+v", when, got, progress(t, b))
		}
	}
	same("again")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openAt(t, dir)
	same("opened again")
	r, c := receive(t, leader, b)
	if err := r.Install(t.Context(), c.Progress, c.Identity); err != nil {
		t.Fatal(err)
	}
	same("after a copy")
}

// This store wanted to cut its log, and a copy came first. The log has been cut further, and
// is not said to have been cut less.
func TestACutBeforeACopyIsRefused(t *testing.T) {
	leader, _ := leading(t, filepath.Join(t.TempDir(), "leader"))
	for i := range 9 {
		setKey(t, leader, fmt.Sprint(i))
	}
	b := openAt(t, filepath.Join(t.TempDir(), "copy"))
	if err := b.Pass(kv.Position{Index: 1, Term: 1}); !errors.Is(err, kv.ErrUnavailable) || progress(t, b).Cut != 0 {
		t.Errorf("Pass before anything was applied = %v", err)
	}
	if err := b.Apply(kv.Position{Index: 4, Term: 7}, nil); err != nil {
		t.Fatal(err)
	}
	r, c := receive(t, leader, b)
	if err := r.Install(t.Context(), c.Progress, c.Identity); err != nil {
		t.Fatal(err)
	}
	err := b.Pass(kv.Position{Index: 4, Term: 7})
	if p := progress(t, b); !errors.Is(err, kv.ErrUnavailable) || p.Cut != 9 || p.Applied.Index != 9 || p.Copied != 9 {
		t.Errorf("Pass = %v, and it is at %+v", err, p)
	}
	if err := b.Pass(kv.Position{Index: 9, Term: 7}); err != nil {
		t.Errorf("Pass up to the copy = %v", err)
	}
}

// A store becomes another copy of one that exists: it has that one's name from then on.
func TestAdoptedIdentityStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	b := openAt(t, dir)
	id := b.Identity()
	id.Instance, id.Epoch = "another", 4
	if err := b.Adopt(kv.Position{Index: 3, Term: 2}, id); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Compact(t.Context()), b.Close()); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, dir)
	if again.Identity() != id || progress(t, again).Applied.Index != 3 {
		t.Errorf("it is %+v at %+v", again.Identity(), progress(t, again))
	}
}
