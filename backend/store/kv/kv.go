// Package kv keeps bytes: an ordered map of keys to values, changed only by
// serialisable transactions, and the embedded engine (Badger) that holds it.
// It is the only package that imports Badger.
//
// # The seam
//
// [Store] and [Tx] are narrow on purpose: a second, replicated engine is to
// stand behind them, and what one engine cannot do cheaply is left out. There
// is no open iterator, no reverse order, no count, no expiry, no sequence. In
// return every engine promises the same, and kvtest holds it to that:
//
//   - An Update is serialisable: the outcome is as if all of them had run one
//     after the other. Lost counters, write skew and phantoms cannot happen,
//     also not for what a Scan did not find.
//   - All that one Update wrote is kept, or none of it. It is on the disk
//     before Update returns nil.
//   - The function of an Update may run more than once, or not at all. It must
//     change nothing but its Tx: no clock, no random number, no mail, no
//     channel. It must not call back into the Store.
//   - A Tx reads what it wrote, in Get and in Scan.
//   - Limits are the same everywhere ([MaxReads] and its neighbours), so that
//     what works on one engine works on the next.
//   - A value that is not the one that was written is [ErrCorrupt], never a
//     wrong answer and never a silent absence.
//
// # Badger behind it
//
// One goroutine runs all functions of Updates, in the order in which they
// came, and keeps a group of them with one fsync. Being alone, it needs no
// conflict detection and retries nothing, however hot a key is; see writer.go.
// What Badger does not promise by itself is added here: a checksum bound to
// the key on every value (value.go), a sentinel and a directory of our own
// (layout.go, guard.go), a look at its files before it opens them (probe.go),
// the check of all tables (verify.go, tablefile.go), a note of what was
// answered last (answered.go), a floor of free disk (disk.go), real
// deletion (compact.go), and memory that is given back (rest.go).
package kv

import (
	"context"
	"crypto/rand"
	"errors"
)

// The limits that every engine enforces. Going over one fails the Update with
// [ErrTooLarge], also when its function ignores the error it was given.
const (
	MaxReads      = 100       // keys read in one Update: each Get, and each key a Scan returns
	MaxWrites     = 100       // different keys set or deleted in one Update
	MaxWriteBytes = 512 << 10 // bytes of all keys and values written in one Update
	MaxKey        = 512       // bytes of a key; it has at least one
	MaxValue      = 64 << 10  // bytes of a value; none is fine
	MaxUpdateScan = 100       // limit of a Scan in an Update
	MaxViewScan   = 10_000    // limit of a Scan in a View
)

// A KV is one key and its value.
type KV struct{ Key, Value []byte }

// An OpID names one Update, so that an engine which lost its answer can find
// out later whether it was kept. Badger always knows and ignores it.
type OpID string

// NewOp makes a name that nothing else has.
func NewOp() OpID { return OpID(rand.Text()) }

// A Store keeps keys in byte order. Its methods may be called from many
// goroutines at once.
type Store interface {
	// View runs fn on one consistent moment of the store. What was kept before
	// View was called is there. A write in it fails.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and keeps all that it wrote, or nothing if it returns an
	// error, which Update then returns. fn may run again, from the start, on
	// what another Update has left. Where ctx has no deadline it is given two
	// seconds. A ctx that ends before fn is run ends the Update with nothing
	// kept; once fn is being kept, Update waits and tells the truth.
	Update(ctx context.Context, op OpID, fn func(Tx) error) error

	// Watch sends the keys below prefix that change from now on, in the order
	// of the changes to each key. A change is sent at least once; changes to a
	// key that follow each other closely may come as one. A reader that falls
	// behind gets one Event with Resync in place of what it missed. The
	// channel is closed when ctx ends or the store is closed.
	Watch(ctx context.Context, prefix []byte) (<-chan Event, error)

	// Close waits for the Updates that are being kept and for the Views that
	// are running. Afterwards everything answers ErrUnavailable.
	Close() error
}

// A Tx is the store at one moment, together with what was written through it.
// It is good only inside the function that it was given to, and only on that
// function's goroutine.
type Tx interface {
	// Get returns the value of key, or ErrNotFound. The slice belongs to the
	// caller and stays good.
	Get(key []byte) ([]byte, error)

	// Set gives key a value. Both are copied.
	Set(key, value []byte) error

	// Delete takes key away. It is no mistake if there is none.
	Delete(key []byte) error

	// Scan returns the first keys from from up to but not including to, in
	// byte order, at most limit of them. A nil to is the end of all keys.
	// The slices belong to the caller.
	Scan(from, to []byte, limit int) ([]KV, error)
}

// An Event says that Key has another value, or is gone. With Resync set it
// says that events were lost: read again all that you keep.
type Event struct {
	Key     []byte
	Deleted bool
	Resync  bool
}

// What an engine can answer besides an error of the function it was given.
// They are found with errors.Is; what is wrapped around them says more, but
// never holds the bytes of a key or a value.
var (
	ErrNotFound    = errors.New("there is no such key")
	ErrTooLarge    = errors.New("over a limit of the store")
	ErrUnavailable = errors.New("the store cannot do this now")

	// ErrUnknownOutcome says that an Update may have been kept or not, and
	// that nobody can tell yet. A replicated engine answers it after it has
	// asked for the OpID in vain. Badger runs in this process, so the outcome
	// is always known, save one case: the disk fails in the middle of a
	// commit. Then the store stops, and the next start finds all of the Update
	// or nothing.
	ErrUnknownOutcome = errors.New("it is not known whether this was kept")

	// ErrCorrupt says that what is stored is not what was written. Nothing
	// more can be trusted; the way on is a backup.
	ErrCorrupt = errors.New("what is stored is damaged")

	// ErrReadOnly is answered by writes in a View, and by every Update while
	// the disk is nearly full.
	ErrReadOnly = errors.New("the store takes no writes")

	// ErrConflict says that others were first until the time was up. Badger's
	// single writer cannot lose a race and never answers it.
	ErrConflict = errors.New("others were writing the same all the time")
)
