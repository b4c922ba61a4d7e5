package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/build/need"
)

// Somebody changed a backup's content and made its checksums match again; or it was made of
// a store from which no server could start. It used to restore successfully, and then the
// start failed, or nobody could sign in. It is refused with a sentence that says what is
// wrong, and nothing of it is left.
func TestBackupThatNobodyCouldStartFrom(t *testing.T) {
	need.Time(t)
	set := func(key, value string) func(b *box) {
		return func(b *box) {
			must(
				b.t,
				b.kv.Update(context.Background(), kv.NewOp(), func(t kv.Tx) error {
					return t.Set([]byte(key), []byte(value))
				}),
			)
		}
	}
	first := func(b *box) (m access.Member) {
		b.view(func(tx *Tx) (err error) {
			m, err = tx.Members.ByAddress("boss@example.com")
			return err
		})
		return m
	}
	for name, tt := range map[string]struct {
		spoil func(b *box)
		want  string
	}{
		"a role of no permission": {
			set("g/Odd", `{"name":"Odd","permissions":[]}`),
			`the role "Odd" in it is not one that can be. Choose at least one permission`,
		},
		"a role of a built-in name": {
			set("g/Admin", `{"name":"Admin","permissions":[{"action":"open","resource":"fleet"}]}`),
			"is built in",
		},
		"a role of a new power": {
			set("g/Odd", `{"name":"Odd","permissions":[{"action":"fly","resource":"moon"}]}`),
			"There is no permission",
		},
		"settings that cannot be": {
			set("p", `{"workspace":"","invitation":-5}`),
			"the settings in it are not ones that can be",
		},
		"no JSON, the settings": {set("p", "\xff"), "a record in it cannot be read"},
		"no JSON, the digest":   {set("D", "\xff"), "a record in it cannot be read"},
		"no JSON, a rejection":  {set("e/x", "\xff"), "a record in it cannot be read"},
		"no JSON, a member":     {set("m/x", "\xff"), "a record in it cannot be read"},
		"another type":          {set("c", `"x"`), "a record in it cannot be read"},
		"counters that lie":     {set("c", `{"pending":7,"admins":1}`), "what it holds does not fit together"},
		"no Admin": {func(b *box) {
			m := first(b)
			b.update(func(tx *Tx) error { m.Roles = []access.RoleName{access.Fleet}; return tx.Members.Put(m) })
		}, "it holds no active Admin"},
		"a suspended Admin": {func(b *box) {
			m := first(b)
			b.update(func(tx *Tx) error { m.State = access.Suspended; return tx.Members.Put(m) })
		}, "it holds no active Admin"},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBox(t, "")
			full(b)
			tt.spoil(b)
			refusedRestore(t, b, tt.want)
		})
	}
	t.Run("nobody", func(t *testing.T) { refusedRestore(t, openBox(t, ""), "it holds no member") })
}

func refusedRestore(t *testing.T, b *box, want string) {
	t.Helper()
	text := b.backup()
	ready := t.TempDir()
	for _, into := range []string{filepath.Join(t.TempDir(), "new"), ready} {
		_, err := Restore(context.Background(), bytes.NewReader(text), b.options(into))
		e := access.Explain(err)
		if e.Code != "backup_unusable" || !strings.Contains(e.Message, want) ||
			!strings.Contains(e.Message, "Use another copy") {
			t.Errorf("Restore = %v, want %q", err, want)
		}
		if left, err := os.ReadDir(into); into == ready && (err != nil || len(left) > 0) ||
			into != ready && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("in %s is left %v, %v", into, left, err)
		}
	}
}

// The machine stops during a restore: nothing half restored is where a start would use it.
func TestHalfARestoreIsRefusedAsADataDirectory(t *testing.T) {
	b := openBox(t, "")
	full(b)
	text := b.backup()
	into := filepath.Join(t.TempDir(), "new")
	started := false
	r := &watched{r: bytes.NewReader(text), at: len(text) - 100, do: func() {
		started = true
		for _, name := range []string{engineDir, keyFile} {
			if _, err := os.Stat(filepath.Join(into, name)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s stands there before the backup was read: %v", name, err)
			}
		}
		if _, err := os.Stat(filepath.Join(into, restoring, engineDir)); err != nil {
			t.Error("nothing was under way: ", err)
		}
	}}
	_, err := Restore(context.Background(), r, b.options(into))
	must(t, err)
	if !started {
		t.Error("the backup was not read to its end")
	}
}

// A watched reader returns one byte at a time, and calls a function at one of them.
type watched struct {
	r  *bytes.Reader
	at int
	do func()
}

func (w *watched) Read(p []byte) (int, error) {
	if w.at--; w.at == 0 {
		w.do()
	}
	return w.r.Read(p[:1])
}
