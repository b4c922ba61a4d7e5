package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/build/need"

	"github.com/klauspost/compress/s2"
)

// openAsItIs opens the box without a migration.
func (b *box) openAsItIs() {
	b.t.Helper()
	var err error
	b.Store, err = openAsItIs(b.options(b.dir))
	must(b.t, err)
}

// bytesKept returns all records with their raw bytes.
func (b *box) bytesKept() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	must(b.t, b.Each(context.Background(), func(key, value []byte) error {
		all[string(key)] = string(value)
		return nil
	}))
	return all
}

// statesKept counts the emails of a kind by their stored state.
func (b *box) statesKept(kind prefix) map[string]int {
	b.t.Helper()
	n := map[string]int{}
	for key, value := range b.bytesKept() {
		if recordOf([]byte(key)).prefix != kind {
			continue
		}
		var l struct{ State string }
		must(b.t, json.Unmarshal([]byte(value), &l))
		n[l.State]++
	}
	return n
}

func (b *box) schemaKept() (is schemaState, said bool) {
	b.t.Helper()
	b.view(func(tx *Tx) (err error) {
		is, said, err = tx.schemaState()
		return err
	})
	return is, said
}

// renderedThen is the content of every email of madeAsSchema1.
var renderedThen = access.MessageBody{Subject: "Come in", Text: "a link", HTML: "<p>a link</p>"}

// asSchema1 rewrites the store as schema 1 stored it.
func (b *box) asSchema1() {
	b.t.Helper()
	var old []kv.KV
	dict := s2.MakeDict(renderedDict, nil)
	for key, value := range b.bytesKept() {
		kind := recordOf([]byte(key)).prefix
		if kind == messagePrefix || kind == decoyPrefix || kind == countersPrefix {
			value = strings.ReplaceAll(value, `"held"`, `"kept"`)
			old = append(old, kv.KV{Key: []byte(key), Value: []byte(value)})
		}
		if kind == factsPrefix || kind == decoyFactsPrefix {
			id := messageOf(kv.KV{Key: []byte(key)})
			nonce := make([]byte, b.keys.facts.NonceSize())
			old = append(old, kv.KV{
				Key:   []byte(key),
				Value: b.keys.facts.Seal(nonce, nonce, packRendered(dict, renderedThen), []byte(id)),
			})
		}
	}
	for some := range slices.Chunk(old, kv.MaxWrites/2) {
		b.raw(func(t kv.Tx) error {
			for _, e := range some {
				must(b.t, t.Set(e.Key, e.Value))
			}
			return nil
		})
	}
	b.raw(func(t kv.Tx) error { return t.Delete(schemaPrefix.key()) })
}

func isMigrated(t *testing.T, b *box, emails int) {
	t.Helper()
	if got, want := b.statesKept(messagePrefix), map[string]int{"held": emails}; !maps.Equal(got, want) {
		t.Errorf("emails by state = %v, want %v", got, want)
	}
	if got := b.statesKept(decoyPrefix); got["kept"] != 0 {
		t.Errorf("decoys by state = %v", got)
	}
	if c := b.bytesKept()["c"]; strings.Contains(c, "kept") || !strings.Contains(c, `"held"`) {
		t.Errorf("the counters are %s", c)
	}
	if is, said := b.schemaKept(); !said || is.Schema != schema() || is.Last != nil {
		t.Errorf("schema = %+v, %v, want %d", is, said, schema())
	}
	if r := b.verify(); r.Messages != emails {
		t.Errorf("Verify = %+v, want %d emails", r, emails)
	}
}

// umit is the one member of the fixture whose name and domain have letters with accents.
const umit = "3c6a4gj2i5ftquozxi5aqtga24"

func isOf(id, key string) bool { return strings.HasSuffix(key, "\x00"+id) }

func TestSchema1IsMigrated(t *testing.T) {
	b := unopenedSchema1(t)
	b.openAsItIs()
	if got, want := b.statesKept(messagePrefix), map[string]int{"kept": 16}; !maps.Equal(got, want) {
		t.Fatalf("the fixture holds emails %v, want %v", got, want)
	}
	if is, said := b.schemaKept(); said || is.Schema != 1 {
		t.Fatalf("the fixture says that its schema is %+v, %v", is, said)
	}
	before := b.bytesKept()
	b.reopen()
	isMigrated(t, b, 16)
	for key, value := range b.bytesKept() {
		kind := recordOf([]byte(key)).prefix
		renamed := kind == messagePrefix || kind == decoyPrefix || kind == countersPrefix || kind == schemaPrefix
		rendered := kind == factsPrefix || kind == decoyFactsPrefix
		folded := kind == wordPrefix && isOf(umit, key)
		ordered := kind == orderPrefix || kind == loginRequestPrefix && before[key] == ""
		if !renamed && !rendered && !folded && !ordered && !wasSplit(key, before[key], value) && before[key] != value {
			t.Errorf("the migration changed %q", key)
		}
	}
}

// wasSplit reports whether an entry of a list differs as splitPending changes it: the place
// of a pending member in the list of a status is new, and the first byte of the others was
// that of all who are pending.
func wasSplit(key, before, now string) bool {
	switch recordOf([]byte(key)).prefix {
	case statePrefix:
		if strings.Contains("iew", key[2:3]) {
			return before == "" && now[:1] == key[2:3]
		}
	case rolePrefix, wordPrefix:
	default:
		return false
	}
	return strings.HasPrefix(before, "p") && before[1:] == now[1:] && strings.Contains("iew", now[:1])
}

// A second start of a migrated store must write nothing.
func TestSecondStartMigratesNothing(t *testing.T) {
	b := openSchema1(t)
	before := b.bytesKept()
	b.reopen()
	if !maps.Equal(before, b.bytesKept()) {
		t.Error("the second start changed what is kept")
	}
	if more, err := b.migrateBatch(t.Context()); more || err != nil {
		t.Errorf("another batch: %v, %v", more, err)
	}
}

// hurried counts the changes that would end as too busy after two seconds.
type hurried struct {
	engine
	changes int
}

func (h *hurried) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	if until, ok := ctx.Deadline(); !ok || time.Until(until) < maxStartWait/2 {
		h.changes++
	}
	return h.engine.Update(ctx, op, fn)
}

// A disk that answers slowly must not keep a server from starting after an upgrade.
func TestMigrationWaitsForASlowDisk(t *testing.T) {
	b := unopenedSchema1(t)
	b.openAsItIs()
	h := &hurried{engine: b.kv}
	b.kv = h
	must(t, b.migrate(t.Context()))
	if h.changes > 0 {
		t.Errorf("%d batches may end as too busy", h.changes)
	}
}

// A migration is interrupted after no batch, after each of them, and after the last. The
// next start continues. There are one email and one decoy more than fit into a batch.
func TestMigrationStoppedHalfWay(t *testing.T) {
	need.Time(t)
	const emails, decoys = 2*migrationBatch + 1, migrationBatch + 1
	const batches = 3 + 2 + emails/renderedBatch + 1 + decoys/renderedBatch + 1
	made := madeAsSchema1(t, emails, decoys)
	for stop := range batches + 1 {
		b := &box{t: t, dir: filepath.Join(t.TempDir(), "data"), alone: true}
		b.at.Store(noon.UnixMicro())
		must(t, os.CopyFS(b.dir, os.DirFS(made)))
		b.openAsItIs()
		for range stop {
			more, err := b.migrateBatch(t.Context())
			if err != nil || !more {
				t.Fatalf("a batch of the first %d: %v, %v", stop, more, err)
			}
		}
		half := b.statesKept(messagePrefix)
		if want := min(stop*migrationBatch, emails); half["held"] != want {
			t.Errorf("after %d batches the emails are %v, want %d held", stop, half, want)
		}
		b.verify()
		must(t, b.Close())
		b.open()
		isMigrated(t, b, emails)
		b.readsRendered(factsPrefix, emails)
		b.readsRendered(decoyFactsPrefix, decoys)
		if got := b.statesKept(decoyPrefix)["held"]; got != decoys {
			t.Errorf("%d decoys are held, want %d", got, decoys)
		}
		must(t, b.Close())
	}
}

// readsRendered checks that every email that was stored rendered still has its content.
func (b *box) readsRendered(kind prefix, want int) {
	b.t.Helper()
	n := 0
	b.view(func(tx *Tx) error {
		found, err := tx.kv.Scan(kind.key(), after(kind.key()), 1000)
		for _, e := range found {
			text, err := unseal(tx.keys.facts, e.Value, string(messageOf(e)))
			must(b.t, err)
			var f access.MessageFacts
			must(b.t, json.Unmarshal(text, &f))
			if f.Rendered == nil || *f.Rendered != renderedThen {
				b.t.Errorf("an email says %+v, want %+v", f.Rendered, renderedThen)
			}
			n++
		}
		return err
	})
	if n != want {
		b.t.Errorf("%d emails under %q say something, want %d", n, kind, want)
	}
}

// madeAsSchema1 returns a data directory with held emails and decoys.
func madeAsSchema1(t *testing.T, emails, decoys int) string {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	m := b.person("ada@example.com", "Ada")
	b.put(m)
	const atOnce = 10 // fits into one Update
	for from := 0; from < emails+decoys; from += atOnce {
		b.update(func(tx *Tx) error {
			for i := from; i < min(from+atOnce, emails+decoys); i++ {
				msg, post := messageFor(m, b.now()), tx.Messages.Post
				if i >= emails {
					post = tx.Decoys.Post
				}
				msg.State = access.MessageHeld
				must(t, post(msg, access.MessageFacts{Note: "x"}))
			}
			return nil
		})
	}
	b.asSchema1()
	must(t, b.Close())
	return b.dir
}

// An empty store has nothing to migrate: the schema is written with the first record, and
// nothing before that, so that the store can still be filled.
func TestFreshStoreSaysItsSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		if kept := b.bytesKept(); len(kept) != 0 {
			t.Errorf("a fresh store holds %q", kept)
		}
		b.reopen()
		b.put(b.person("ada@example.com", "Ada"))
		if is, said := b.schemaKept(); !said || is.Schema != schema() {
			t.Errorf("schema = %+v, %v", is, said)
		}
		b.reopen()
		b.verify()
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	for _, tt := range []struct {
		schema int
		code   string
	}{
		{schema() - 1, ""},
		{schema(), ""},
		{schema() + 1, "data_dir_newer"},
		{0, "data_dir_damaged"},
	} {
		b := openBox(t, filepath.Join(t.TempDir(), "data"))
		b.put(b.person("ada@example.com", "Ada"))
		b.raw(func(kt kv.Tx) error {
			value, err := encode(schemaPrefix.key(), schemaState{Schema: tt.schema})
			return errors.Join(err, kt.Set(schemaPrefix.key(), value))
		})
		must(t, b.Close())
		b.alone = true
		s, err := Open(b.options(b.dir))
		if err == nil {
			must(t, s.Close())
		}
		if e := access.Explain(err); err == nil && tt.code != "" || err != nil && e.Code != tt.code {
			t.Errorf("schema %d: %v, want the code %q", tt.schema, err, tt.code)
		}
		if tt.code == "data_dir_newer" &&
			!strings.Contains(err.Error(), "The data in "+b.dir+" was written by a newer") {
			t.Errorf("schema %d: %v", tt.schema, err)
		}
	}
}

// A store of a million members is opened. An engine that checks what it reads would check
// all of it before it returns the first record of a scan over everything.
func TestOpeningLooksThroughNothing(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	b.put(b.person("ada@example.com", "Ada"))
	must(t, b.Close())
	looks := 0
	o := b.options(b.dir)
	open := o.Engine
	o.Engine = func(c kv.Config) (kv.Store, error) {
		s, err := open(c)
		must(t, err)
		return lookedThrough{s.(engine), &looks}, nil
	}
	s, err := Open(o)
	must(t, err)
	must(t, s.Close())
	if looks != 0 {
		t.Errorf("%d scans had no end", looks)
	}
}

// lookedThrough counts the scans over everything.
type lookedThrough struct {
	engine
	looks *int
}

func (l lookedThrough) View(ctx context.Context, fn func(kv.Tx) error) error {
	return l.engine.View(ctx, func(t kv.Tx) error { return fn(lookedThroughTx{t, l.looks}) })
}

type lookedThroughTx struct {
	kv.Tx
	looks *int
}

func (l lookedThroughTx) Scan(from, to []byte, limit int) ([]kv.KV, error) {
	if to == nil {
		*l.looks++
	}
	return l.Tx.Scan(from, to, limit)
}
