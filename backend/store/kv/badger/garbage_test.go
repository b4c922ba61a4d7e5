package badger

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"

	"doorward/backend/store/kv"
	"doorward/build/need"
)

const (
	logHeader     = 20     // bytes before the first record of a log
	inTransaction = 1 << 6 // the kind of record that is part of a commit
)

// A disk returns a log of garbage, alone or behind good data. The start was silent for most
// of a minute, while it tried every byte as the beginning of a record; and if the garbage
// claimed a record of gigabytes, Badger allocated that much memory. Each is refused with
// limited work.
func TestGarbageInALogIsRefused(t *testing.T) {
	need.Time(t)
	b, dir := openOnDisk(t)
	for _, key := range []string{"one", "two", "three"} {
		setKey(t, b, key)
	}
	_, whole := logOf(t, dir)
	good := len(bytes.TrimRight(whole, "\x00"))
	random := func(n int) []byte {
		noise, out := rand.NewChaCha8([32]byte{21}), make([]byte, n)
		noise.Read(out)
		return out
	}
	// at each byte starts what looks like a record with the longest value
	claims := binary.AppendUvarint(binary.AppendUvarint([]byte{inTransaction, 0}, 20), kv.SealBytes+kv.MaxValue)
	claims = append(append(claims, 0, dataMark), make([]byte, 8)...)
	huge := append([]byte{inTransaction, 0, 20}, binary.AppendUvarint(nil, 1<<32-1)...)
	tests := map[string]func(log []byte) []byte{
		"all of it random": func(log []byte) []byte { return random(len(log)) },
		"all but the header random": func(log []byte) []byte {
			return append(
				log[:logHeader],
				random(len(log)-logHeader)...,
			)
		},
		"random from the second commit on": func(log []byte) []byte {
			return append(
				log[:good/2],
				random(len(log)-good/2)...,
			)
		},
		"what looks like records, everywhere": func(log []byte) []byte {
			return append(
				log[:logHeader],
				bytes.Repeat(claims, len(log)/len(claims))...,
			)
		},
		"a record of 4 GB in the place of one": func(log []byte) []byte { copy(log[logHeader:], huge); return log },
		"a record of 4 GB behind the last":     func(log []byte) []byte { copy(log[good:], huge); return log },
	}
	for name, harm := range tests {
		t.Run(name, func(t *testing.T) {
			copied := crashed(t, dir)
			file, data := logOf(t, copied)
			if err := os.WriteFile(file, harm(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if found, err := countAll(copied); err == nil {
				t.Errorf("it is opened, with %d keys", found)
			}
		})
	}
}
