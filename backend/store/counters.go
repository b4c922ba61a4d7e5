package store

import "doorward/backend/access"

// Counters returns all counters, as of this transaction.
func (tx *Tx) Counters() (access.Counters, error) {
	c, err := tx.counts()
	if err != nil {
		return access.Counters{}, err
	}
	return *c, nil
}

// counts reads the counters without marking them for writing.
func (tx *Tx) counts() (*access.Counters, error) {
	if tx.counters != nil {
		return tx.counters, nil
	}
	c, _, err := getDecoded(tx, tx.recent.counters, countersPrefix.key())
	return &c, err
}

// count changes the counters.
func (tx *Tx) count(change func(*access.Counters)) error {
	c, err := tx.counts()
	if err != nil {
		return err
	}
	tx.counters = c
	change(c)
	return nil
}
