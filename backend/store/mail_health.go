package store

import "doorward/backend/access"

// MailHealth returns what is known about the connection to the mail server.
func (tx *Tx) MailHealth() (access.MailHealth, error) {
	var h access.MailHealth
	_, err := tx.get(mailHealthPrefix.key(), &h)
	return h, err
}

// PutMailHealth stores what is known about the connection to the mail server.
func (tx *Tx) PutMailHealth(h access.MailHealth) error { return tx.set(mailHealthPrefix.key(), h) }
