package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// mostDecoded is how many records of a kind are kept decoded.
const mostDecoded = 64

// decoded keeps the last records of one kind beside the bytes they were decoded
// from. The bytes are read and compared each time, so a record that changed is
// never answered; only decoding is saved.
type decoded[T any] struct {
	copy func(T) T // makes one that shares nothing that is written to

	mu  sync.Mutex
	all map[string]decodedRecord[T]
}

type decodedRecord[T any] struct {
	from []byte
	is   T
}

// recent are the records that nearly every transaction reads.
type recent struct {
	members  *decoded[access.Member]
	counters *decoded[access.Counters]
}

func newRecent() recent {
	return recent{
		members: &decoded[access.Member]{copy: func(m access.Member) access.Member {
			m.Roles = slices.Clip(slices.Clone(m.Roles))
			return m
		}},
		counters: &decoded[access.Counters]{copy: func(c access.Counters) access.Counters {
			c.Roles, c.Letters = maps.Clone(c.Roles), maps.Clone(c.Letters)
			return c
		}},
	}
}

// getDecoded reads the record at key into v, as get does.
func getDecoded[T any](tx *Tx, d *decoded[T], key []byte, v *T) (bool, error) {
	value, err := tx.kv.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	if err == nil {
		*v, err = d.of(key, value)
	}
	return err == nil, err
}

func (d *decoded[T]) of(key, value []byte) (T, error) {
	d.mu.Lock()
	r, ok := d.all[string(key)]
	d.mu.Unlock()
	if ok && bytes.Equal(r.from, value) {
		return d.copy(r.is), nil
	}
	r = decodedRecord[T]{from: value}
	if err := json.Unmarshal(value, &r.is); err != nil {
		return r.is, fmt.Errorf("decode record under %q: %w", key[:1], err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil || len(d.all) >= mostDecoded {
		d.all = make(map[string]decodedRecord[T], mostDecoded)
	}
	d.all[string(key)] = r
	return d.copy(r.is), nil
}
