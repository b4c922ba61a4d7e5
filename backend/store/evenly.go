package store

import (
	"math/rand/v2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A shape is the set of keys that a part of a transaction writes, each with its final size
// in bytes. It is nil while nothing is measured.
type shape map[string]int

func (s shape) add(key, value []byte) {
	if s != nil {
		s[string(key)] = len(key) + len(value)
	}
}

func (s shape) bytes() (n int) {
	for _, b := range s {
		n += b
	}
	return n
}

// What finishing an email or a decoy writes.
const (
	OutcomeKeys  = 7
	OutcomeBytes = 3 << 10
)

// Evenly runs fn and pads what it wrote to a fixed number of keys and bytes, so that nobody
// outside can tell from the time that the writer is busy how much there was to write. The
// padding goes into slots that are overwritten each time, so it takes no space. Larger
// writes stay as they are.
func (tx *Tx) Evenly(keys, bytes int, fn func() error) error {
	tx.shape = shape{}
	err := fn()
	lack, left := keys-len(tx.shape), bytes-tx.shape.bytes()
	tx.shape = nil
	for ; lack > 0 && err == nil; lack-- {
		size := max(0, left/lack-slotKeyLength)
		left -= size + slotKeyLength
		err = tx.kv.Set(slotKey(tx.slots), noise(size))
		tx.slots++
	}
	return err
}

const slotKeyLength = len(slotPrefix) + 1

// noise returns incompressible bytes, like sealed facts.
func noise(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	rand.NewChaCha8(seed).Read(b)
	return b
}

// TouchCounters writes the counters unchanged, as if they had changed.
func (tx *Tx) TouchCounters() error { return tx.count(func(*access.Counters) {}) }

// TouchAudit writes the end of the audit log unchanged, as if an entry had been added.
func (tx *Tx) TouchAudit() error {
	h, err := tx.auditHead()
	if err == nil && tx.head == nil && h.Seq > 0 {
		tx.head = &auditHead{Seq: h.Seq, Hash: h.Hash}
	}
	return err
}

// A Weight is the size of one Update: the number of different keys, and the bytes of keys
// and values.
type Weight struct{ Keys, Bytes int }

// OnUpdate registers fn, which is called with the size of each Update that wrote something,
// before it is committed. That is what somebody can learn who measures how long the writer
// is busy.
func (s *Store) OnUpdate(fn func(Weight)) { s.onUpdate.Store(&fn) }

// weighed is a transaction that measures what is written.
type weighed struct {
	kv.Tx
	wrote shape
}

func (w *weighed) Set(key, value []byte) error {
	w.wrote.add(key, value)
	return w.Tx.Set(key, value)
}

func (w *weighed) Delete(key []byte) error {
	w.wrote.add(key, nil)
	return w.Tx.Delete(key)
}

func (w *weighed) tell(fn func(Weight)) {
	if len(w.wrote) > 0 {
		fn(Weight{len(w.wrote), w.wrote.bytes()})
	}
}
