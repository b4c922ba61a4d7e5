package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// putFacts stores an email's facts, encrypted with the instance key and bound to the email:
// they may contain a login link.
func (tx *Tx) putFacts(at []byte, id access.MessageID, f access.MessageFacts) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // facts never go into a page, and escaping takes six bytes for each bracket
	if err := e.Encode(f); err != nil {
		return err
	}
	return tx.put(at, seal(tx.keys.facts, text.Bytes(), string(id)))
}

// seal encrypts text and binds it to the name of the place it is for.
func seal(aead cipher.AEAD, text []byte, place string) []byte {
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, []byte(place))
}

// Facts returns an email's facts; NotFound once they were wiped.
func (tx Messages) Facts(id access.MessageID) (f access.MessageFacts, err error) {
	sealed, err := tx.kv.Get(factsKey(id))
	if errors.Is(err, kv.ErrNotFound) {
		return f, access.Errorf(access.NotFound,
			"The content of this email is no longer stored. It is deleted once the email is sent or withdrawn, "+
				"or has expired or failed.").
			WithCode("email_content_gone")
	}
	if err != nil {
		return f, err
	}
	text, err := unseal(tx.keys.facts, sealed, string(id))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, errors.Join(kv.ErrCorrupt, err)
	}
	return f, nil
}

func unseal(aead cipher.AEAD, sealed []byte, place string) ([]byte, error) {
	if len(sealed) < aead.NonceSize() {
		return nil, kv.ErrCorrupt
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(place))
	if err != nil {
		return nil, errors.Join(kv.ErrCorrupt, err)
	}
	return text, nil
}

// WipeFacts deletes an email's facts.
func (tx Messages) WipeFacts(id access.MessageID) error { return tx.unmark(factsKey(id)) }

// sealer encrypts with key.
func sealer(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // cannot happen: derived keys have a valid length for AES
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // cannot happen: AES has GCM's block size
	}
	return aead
}
