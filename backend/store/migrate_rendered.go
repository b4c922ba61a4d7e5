package store

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Up to schema 2 an email was stored rendered, compressed with a dictionary of emails. The
// migration stores those that still wait as their facts; nothing is compressed any more.
//
//go:embed rendered.dict
var renderedDict []byte

// packing is the first byte of a packed email and names its dictionary. The JSON of facts
// never starts with this byte.
const packing = 1

// renderedBatch is the number of emails that one Update migrates. The longest in a test
// have 11 KB, and one Update writes 512 KiB at most.
const renderedBatch = 20

// keepRenderedAsFacts: emails are stored as their facts; an email that was already rendered
// becomes one of those facts.
func keepRenderedAsFacts(tx *Tx, last []byte) (now []byte, err error) {
	dict := s2.MakeDict(renderedDict, nil)
	return migrateEach(tx, last, renderedBatch, func(e kv.KV) error {
		id := messageOf(e)
		text, err := unseal(tx.keys.facts, e.Value, string(id))
		if err != nil || len(text) == 0 || text[0] != packing {
			return err
		}
		body, err := unpackRendered(dict, text)
		if err != nil {
			return err
		}
		return tx.putFacts(e.Key, id, access.MessageFacts{Rendered: &body})
	}, factsPrefix, decoyFactsPrefix)
}

func unpackRendered(dict *s2.Dict, packed []byte) (w access.MessageBody, err error) {
	plain, err := dict.Decode(nil, packed[1:])
	if err != nil {
		return w, fmt.Errorf("%w: a packed email: %w", kv.ErrCorrupt, err)
	}
	for _, part := range []*string{&w.Subject, &w.Text, &w.HTML} {
		n, size := binary.Uvarint(plain)
		if size <= 0 || n > uint64(len(plain)-size) {
			return w, errors.Join(kv.ErrCorrupt, errors.New("a packed email is cut"))
		}
		*part, plain = string(plain[size:size+int(n)]), plain[size+int(n):]
	}
	return w, nil
}
