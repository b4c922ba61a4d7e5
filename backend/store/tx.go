package store

import (
	"errors"

	"doorward/backend/store/kv"
)

// get reads the record at key into v. It reports whether there is one.
func (tx *Tx) get(key []byte, v any) (bool, error) {
	value, ok, err := tx.read(key)
	if ok {
		err = decode(key, value, v)
	}
	return ok && err == nil, err
}

func (tx *Tx) read(key []byte) (value []byte, ok bool, err error) {
	if _, missing := tx.missing[string(key)]; missing {
		return nil, false, nil
	}
	value, err = tx.kv.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		tx.unused(key)
		return nil, false, nil
	}
	return value, err == nil, err
}

// unused notes that key does not exist, because it was read in vain or because it contains
// an id that was made for this transaction: a read that finds nothing is expensive.
func (tx *Tx) unused(key []byte) {
	if tx.missing != nil {
		tx.missing[string(key)] = struct{}{}
	}
}

func (tx *Tx) put(key, value []byte) error {
	delete(tx.missing, string(key))
	tx.shape.add(key, value)
	return tx.kv.Set(key, value)
}

func (tx *Tx) set(key []byte, v any) error {
	_, err := tx.encoded(key, v)
	return err
}

// encoded stores v at key and returns the stored value.
func (tx *Tx) encoded(key []byte, v any) (value []byte, err error) {
	if value, err = encode(key, v); err != nil {
		return nil, err
	}
	return value, tx.put(key, value)
}

// mark writes an index entry. Its content is in its key, and in value if lists filter by
// it.
func (tx *Tx) mark(key []byte, value string) error { return tx.put(key, []byte(value)) }

// reindex changes the index entries of a record, with their values, from before to now.
func (tx *Tx) reindex(before, now map[string]string) error {
	for k := range before {
		if _, stays := now[k]; !stays {
			if err := tx.unmark([]byte(k)); err != nil {
				return err
			}
		}
	}
	for k, v := range now {
		if was, had := before[k]; !had || was != v {
			if err := tx.mark([]byte(k), v); err != nil {
				return err
			}
		}
	}
	return nil
}

// entriesAt returns index entries that have all their content in their keys.
func entriesAt(keys ...[]byte) map[string]string {
	e := make(map[string]string, len(keys))
	for _, k := range keys {
		e[string(k)] = ""
	}
	return e
}

func (tx *Tx) unmark(keys ...[]byte) error {
	for _, k := range keys {
		tx.shape.add(k, nil)
		if err := tx.kv.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// scan reads up to limit entries whose keys start with these bytes.
func (tx *Tx) scan(begins []byte, limit int) ([]kv.KV, error) {
	return tx.kv.Scan(begins, after(begins), limit)
}
