package store

import (
	"math/rand/v2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A shape is what a part of a transaction writes: each key once, with the bytes
// it has in the end. Nil while nobody looks.
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

// What the end of an email or of a decoy writes.
const (
	OutcomeKeys  = 7
	OutcomeBytes = 3 << 10
)

// Evenly runs fn and then fills up what it wrote to so many keys and bytes, so
// that from outside, by how long the writer is busy, nobody can tell what there
// was to write. What fills up goes into slots that are written over each time:
// it takes no room. What is larger by itself stays as it is.
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

// noise is bytes that no compression makes less of, as sealed facts are.
func noise(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	rand.NewChaCha8(seed).Read(b)
	return b
}

// TouchCounters writes the counters as they are, as where they change.
func (tx *Tx) TouchCounters() error { return tx.count(func(*access.Counters) {}) }

// TouchAudit writes the end of the audit log as it is, as where one was added.
func (tx *Tx) TouchAudit() error {
	h, err := tx.auditHead()
	if err == nil && tx.head == nil && h.Seq > 0 {
		tx.head = &auditHead{Seq: h.Seq, Hash: h.Hash}
	}
	return err
}

// A Weight is what one Update wrote: different keys, and the bytes of keys and
// values.
type Weight struct{ Keys, Bytes int }

// OnUpdate has fn told of each Update that wrote something, before it is kept:
// what whoever watches how long the writer is busy can learn of it.
func (s *Store) OnUpdate(fn func(Weight)) { s.onUpdate.Store(&fn) }

// weighed is a transaction that notes what is written.
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
