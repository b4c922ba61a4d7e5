package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A backup goes through the same migrations as a directory. The effect of the first one on
// emails cannot be told from that of a restore, so this test adds another one.
func TestBackupOfSchema1Restores(t *testing.T) {
	was := migrations
	t.Cleanup(func() { migrations = was })
	migrations = append(migrations[:len(was):len(was)], func(tx *Tx, last []byte) ([]byte, error) {
		settings, err := tx.Settings()
		settings.Workspace += " " + string(last)
		if err != nil {
			return nil, err
		}
		if err := tx.PutSettings(settings); err != nil || last != nil {
			return nil, err
		}
		return []byte("migrated"), nil
	})
	b := unopenedSchema1(t)
	b.openAsItIs()
	text := b.backup()
	if !bytes.Contains(text, []byte(`"kept"`)) || bytes.Contains(text, []byte(`"held"`)) {
		t.Fatal("the backup is not one of schema 1")
	}
	into := &box{t: t, dir: filepath.Join(t.TempDir(), "restored")}
	into.at.Store(b.at.Load())
	if _, err := Restore(t.Context(), bytes.NewReader(text), into.options(into.dir)); err != nil {
		t.Fatal(err)
	}
	into.openAsItIs()
	defer into.Store.Close()
	into.verify()
	into.view(func(tx *Tx) error {
		settings, err := tx.Settings()
		if settings.Workspace != "Fixture Works  migrated" {
			t.Errorf("the workspace is %q: not every migration ran, or one ran twice", settings.Workspace)
		}
		return err
	})
	for key, value := range into.bytesKept() {
		kind := recordOf([]byte(key)).prefix
		if (kind == messagePrefix || kind == countersPrefix) && strings.Contains(value, `"kept"`) {
			t.Errorf("after the restore %q is still %s", key, value)
		}
	}
	if is, said := into.schemaKept(); !said || is.Schema != schema() {
		t.Errorf("schema = %+v, %v", is, said)
	}
}

func TestBackupOfANewerSchemaIsRefused(t *testing.T) {
	b := openSchema1(t)
	b.raw(func(t kv.Tx) error { return t.Set(schemaPrefix.key(), fmt.Appendf(nil, `{"schema":%d}`, schema()+1)) })
	b.alone = true // as whatever is restored
	dir := filepath.Join(t.TempDir(), "restored")
	_, err := Restore(t.Context(), bytes.NewReader(b.backup()), b.options(dir))
	if e := access.Explain(err); err == nil || e.Code != "backup_newer" {
		t.Errorf("Restore = %v, want it refused as newer", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something of it is left: %v", err)
	}
}
