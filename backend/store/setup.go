package store

import "doorward/backend/access"

// Setup returns the way to create the first Admin; zero if there is none.
func (tx *Tx) Setup() (access.Setup, error) {
	var setup access.Setup
	_, err := tx.get(setupPrefix.key(), &setup)
	return setup, err
}

// PutSetup stores the way to create the first Admin.
func (tx *Tx) PutSetup(setup access.Setup) error { return tx.set(setupPrefix.key(), setup) }
