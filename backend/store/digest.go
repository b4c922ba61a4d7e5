package store

import (
	"time"

	"doorward/backend/access"
)

// A Digest is what Admins were last told about people waiting.
type Digest struct {
	ToldAt  time.Time         `json:"told_at,omitzero"`
	Telling []access.MemberID `json:"telling,omitempty"` // the people in the last emails
	Untold  []access.MemberID `json:"untold,omitempty"`  // verified their address since
	Due     bool              `json:"due,omitempty"`     // the next emails are scheduled already
}

// Digest returns what Admins were last told.
func (tx *Tx) Digest() (Digest, error) {
	var d Digest
	_, err := tx.get(digestPrefix.key(), &d)
	return d, err
}

// PutDigest stores what Admins were told.
func (tx *Tx) PutDigest(d Digest) error { return tx.set(digestPrefix.key(), d) }
