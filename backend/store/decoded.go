package store

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"doorward/backend/access"
)

// maxDecoded is the number of cached decoded records of a kind.
const maxDecoded = 64

// decoded caches the last records of one kind with the bytes they were decoded from. The
// bytes are read and compared each time, so a changed record is never returned; only the
// decoding is saved.
type decoded[T any] struct {
	copy func(T) T // returns a copy that shares nothing mutable

	mu  sync.Mutex
	all map[string]decodedRecord[T]
}

type decodedRecord[T any] struct {
	from []byte
	is   T
}

// recent caches the records that nearly every transaction reads.
type recent struct {
	members  *decoded[access.Member]
	counters *decoded[access.Counters]
	messages *decoded[access.Message]
	heads    *decoded[auditHead] // with verified seals
}

func newRecent() recent {
	return recent{
		members: &decoded[access.Member]{copy: func(m access.Member) access.Member {
			m.Roles = slices.Clone(m.Roles)
			return m
		}},
		counters: &decoded[access.Counters]{copy: func(c access.Counters) access.Counters {
			c.Roles, c.Messages, c.TokenRoles = maps.Clone(c.Roles), maps.Clone(c.Messages), maps.Clone(c.TokenRoles)
			return c
		}},
		messages: &decoded[access.Message]{copy: itself[access.Message]},
		heads:    &decoded[auditHead]{copy: itself[auditHead]},
	}
}

// itself copies a record that has nothing mutable to share.
func itself[T any](record T) T { return record }

// getDecoded returns the record at key, like get.
func getDecoded[T any](tx *Tx, d *decoded[T], key []byte) (record T, ok bool, err error) {
	value, ok, err := tx.read(key)
	if ok {
		record, err = d.of(key, value)
	}
	return record, ok && err == nil, err
}

// setDecoded stores the record at key, like set; the next reader need not decode it.
func setDecoded[T any](tx *Tx, d *decoded[T], key []byte, record T) error {
	value, err := tx.encoded(key, &record)
	if err == nil {
		d.keep(key, value, record)
	}
	return err
}

func (d *decoded[T]) of(key, value []byte) (record T, err error) {
	if record, ok := d.known(key, value); ok {
		return record, nil
	}
	if err := decode(key, value, &record); err != nil {
		return record, err
	}
	d.keep(key, value, record)
	return record, nil
}

func (d *decoded[T]) known(key, value []byte) (record T, ok bool) {
	d.mu.Lock()
	r, ok := d.all[string(key)]
	d.mu.Unlock()
	if !ok || !bytes.Equal(r.from, value) {
		return record, false
	}
	return d.copy(r.is), true
}

func (d *decoded[T]) keep(key, value []byte, record T) {
	r := decodedRecord[T]{from: value, is: d.copy(record)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil || len(d.all) >= maxDecoded {
		d.all = make(map[string]decodedRecord[T], maxDecoded)
	}
	d.all[string(key)] = r
}
