package store

import (
	_ "embed"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/s2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// What an email says is for the most part what every email says. It is packed
// against a dictionary of common emails before it is sealed, which leaves a
// tenth of it to write.
//
//go:embed words.dict
var wordsDict []byte

var dict = s2.MakeDict(wordsDict, nil)

// packing is the first byte of packed words: with which dictionary. Emails of
// an older version may wait when a newer one starts, so a dictionary is never
// changed, only followed by another.
const packing = 1

func pack(w access.MessageBody) []byte {
	var plain []byte
	for _, part := range []string{w.Subject, w.Text, w.HTML} {
		plain = binary.AppendUvarint(plain, uint64(len(part)))
		plain = append(plain, part...)
	}
	return append([]byte{packing}, dict.Encode(nil, plain)...)
}

func unpack(packed []byte) (w access.MessageBody, err error) {
	if len(packed) == 0 || packed[0] != packing {
		return w, fmt.Errorf("%w: the words of a letter are packed in a way not known here", kv.ErrCorrupt)
	}
	plain, err := dict.Decode(nil, packed[1:])
	if err != nil {
		return w, fmt.Errorf("%w: the words of a letter: %w", kv.ErrCorrupt, err)
	}
	for _, part := range []*string{&w.Subject, &w.Text, &w.HTML} {
		n, size := binary.Uvarint(plain)
		if size <= 0 || n > uint64(len(plain)-size) {
			return w, fmt.Errorf("%w: the words of a letter are cut", kv.ErrCorrupt)
		}
		*part, plain = string(plain[size:size+int(n)]), plain[size+int(n):]
	}
	return w, nil
}
