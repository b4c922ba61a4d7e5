// Package kv is the contract of storage: an ordered map of keys to values, which
// changes only by serialisable transactions. It holds the interfaces, the limits,
// the errors and the checks that every engine shares. It imports no engine and
// has no sentences for people: package store says what an error means.
//
// [Store] and [Tx] are narrow on purpose: a replicated engine has to stand
// behind them as well, so what such an engine cannot do cheaply is left out.
// There is no open iterator, no reverse order, no count, no expiry, no sequence.
// In return every engine promises the same, and kvtest holds it to that:
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
// What only some engines can do is a small interface each (optional.go), asked
// for by type assertion.
package kv

import (
	"context"
	"crypto/rand"
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

// An OpID names one Update, so that whoever lost its answer can ask later
// whether it was kept ([OutcomeReader]).
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
