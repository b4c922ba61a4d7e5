package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// putBody keeps what an email says, sealed with the instance key and bound to
// the email: a login link stands in there.
func (tx *Tx) putBody(at []byte, id access.MessageID, w access.MessageBody) error {
	text, aead := pack(w), tx.keys.words
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	rand.Read(nonce)
	return tx.put(at, aead.Seal(nonce, nonce, text, []byte(id)))
}

// MessageBody is what an email says; NotFound once that was wiped.
func (tx *Tx) MessageBody(id access.MessageID) (access.MessageBody, error) {
	var w access.MessageBody
	sealed, err := tx.kv.Get(bodyKey(id))
	if errors.Is(err, kv.ErrNotFound) {
		return w, access.Errorf(access.NotFound,
			"The words of this letter are gone: they are wiped once it is sent, expired or failed.").
			WithCode("letter_wiped")
	}
	if err != nil {
		return w, err
	}
	aead := tx.keys.words
	if len(sealed) < aead.NonceSize() {
		return w, kv.ErrCorrupt
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(id))
	if err != nil {
		return w, errors.Join(kv.ErrCorrupt, err)
	}
	return unpack(text)
}

// WipeBody deletes what an email says.
func (tx *Tx) WipeBody(id access.MessageID) error { return tx.unmark(bodyKey(id)) }

// sealer seals under key.
func sealer(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the keys derived here have a length that AES takes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM takes
	}
	return aead
}
