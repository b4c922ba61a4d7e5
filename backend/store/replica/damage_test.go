package replica

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/kvtest"
)

// Every entry survives its way through the log; one that was cut or changed in its head is
// refused, and never a panic.
func TestEntriesAreReadAsWritten(t *testing.T) {
	tests := []entry{
		{kind: kindBegin, body: []byte("{}")},
		{kind: kindBatch, term: 3, number: 1 << 40, ops: []kv.OpID{"one", "", "three"}, body: []byte("writes")},
		{kind: kindBatch, term: 1},
	}
	for _, e := range tests {
		data := e.encode()
		got, err := decodeEntry(data)
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(e) {
			t.Errorf("%+v came back as %+v, %v", e, got, err)
		}
		for n := range len(data) - len(e.body) {
			if _, err := decodeEntry(data[:n]); !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("cut at byte %d: %v", n, err)
			}
		}
		data[0]++
		if _, err := decodeEntry(data); !errors.Is(err, kv.ErrNewer) {
			t.Errorf("of a newer version: %v", err)
		}
	}
}

// A copy on its way is cut or changed at any byte: it is refused.
func TestADamagedCopyIsRefused(t *testing.T) {
	b, err := badger.Open(badger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return errors.Join(tx.Set([]byte("a"), []byte("1")), tx.Set([]byte("b"), nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var whole bytes.Buffer
	if err := writeCopy(t.Context(), &whole, c); err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) (keys string, err error) {
		_, err = readCopy(bytes.NewReader(data), func(key, _ []byte) error {
			keys += string(key)
			return nil
		})
		return keys, err
	}
	if keys, err := read(whole.Bytes()); keys != "ab" || err != nil {
		t.Errorf("the whole copy: %q, %v", keys, err)
	}
	for n := range whole.Len() {
		damaged := bytes.Clone(whole.Bytes())
		damaged[n] ^= 0x41
		for what, data := range map[string][]byte{"cut": whole.Bytes()[:n], "changed": damaged} {
			if _, err := read(data); !errors.Is(err, kv.ErrCorrupt) && !errors.Is(err, kv.ErrNewer) {
				t.Errorf("%s at byte %d: %v", what, n, err)
			}
		}
	}
	if _, err := read(append(whole.Bytes(), 0)); !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("with more behind it: %v", err)
	}
}

// entries is the whole log, in one text.
func entries(t *testing.T, log checkedLog) string {
	t.Helper()
	first, err := log.FirstIndex()
	last, err2 := log.LastIndex()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for i := first; i <= last; i++ {
		var l raft.Log
		if err := log.GetLog(i, &l); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%d %d %v %q\n", l.Index, l.Term, l.Type, l.Data)
	}
	return all.String()
}

// The log of a machine was damaged, emptied or lost while it was stopped. It is refused
// with the name of its directory, unless every entry is as it was: this machine could help
// to elect one that never had what it had acknowledged itself.
func TestADamagedLogIsRefused(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	leader := c.elect(c.nodes["a"])
	for i := range 50 {
		set(t, leader, fmt.Sprint("k", i))
	}
	before := entries(t, leader.log)
	c.close("a", true)
	dir := c.storeDir("a") + ".log"
	whole := filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(whole, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	segments, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("the log has the files %q, %v", segments, err)
	}
	data, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func() error{
		"lost":          func() error { return os.RemoveAll(dir) },
		"its file lost": func() error { return os.Remove(segments[0]) },
		"cut to a half": func() error {
			return os.WriteFile(segments[0], data[:len(bytes.TrimRight(data, "\x00"))/2], 0o600)
		},
	}
	r := rand.New(rand.NewPCG(kvtest.Seed(t), 4))
	for i := range 10 {
		at := 64 + r.IntN(len(bytes.TrimRight(data, "\x00"))-128)
		tests[fmt.Sprint("byte ", i, " changed")] = func() error {
			damaged := bytes.Clone(data)
			damaged[at] ^= 1 << r.IntN(8)
			return os.WriteFile(segments[0], damaged, 0o600)
		}
	}
	unharmed := 0
	for name, harm := range tests {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		n, err := c.tryOpen("a", c.first)
		var told *kv.DirError
		switch {
		case err == nil:
			if entries(t, n.log) != before {
				t.Errorf("%s: it was opened with other entries", name)
			}
			c.close("a", false)
			unharmed++
		case !errors.As(err, &told) || told.Problem != kv.DirDamaged || told.Dir != dir:
			t.Errorf("%s: Open = %v", name, err)
		}
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(whole)), os.Chmod(dir, 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d harms hit nothing that an entry consists of", unharmed, len(tests))
	n := c.elect(c.open("a", c.first))
	set(t, n, "afterwards")
}
