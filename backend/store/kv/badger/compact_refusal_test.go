package badger

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	"doorward/backend/store/kv"
)

// An Update reads and is refused, and nothing is committed before the store is compacted.
// The writer must not go on reading the files that Compact has replaced: they are closed
// and deleted.
func TestARefusalKeepsNoOldFiles(t *testing.T) {
	b, dir := openOnDisk(t)
	setKey(t, b, "ada")
	setKey(t, b, "eve")
	refused := errors.New("refused by the function")
	read := func(key string, then error) error {
		return b.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
			_, err := tx.Get([]byte(key))
			return errors.Join(err, then)
		})
	}
	if err := read("ada", refused); !errors.Is(err, refused) {
		t.Fatalf("the Update gives %v", err)
	}
	old := generationOf(t, dir)
	if err := b.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old generation is still there: %v", err)
	}
	for _, key := range []string{"ada", "eve"} {
		if err := read(key, refused); !errors.Is(err, refused) || err.Error() != refused.Error() {
			t.Errorf("%s is read after Compact: %v", key, err)
		}
	}
	if err := read("eve", nil); err != nil {
		t.Errorf("an Update after Compact gives %v", err)
	}
}
