package kv

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A stored value is one byte of version, four bytes of checksum, and the caller's bytes.
// The checksum covers the key as well: the right value under a wrong key counts as damaged.
const (
	valueVersion = 1

	// SealBytes is the length that Seal adds to a value.
	SealBytes = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal appends to dst the stored form of value under key.
func Seal(dst, key, value []byte) []byte {
	dst = append(dst, valueVersion)
	dst = binary.BigEndian.AppendUint32(dst, sum(key, value))
	return append(dst, value...)
}

// Unseal returns the value inside stored, which must be the result of Seal for the same
// key. The value is a part of stored.
func Unseal(key, stored []byte) ([]byte, error) {
	switch {
	case len(stored) < SealBytes:
		return nil, fmt.Errorf("%w: a value is empty or cut", ErrCorrupt)
	case stored[0] != valueVersion:
		return nil, fmt.Errorf("%w: a value has version %d, which is not known here", ErrCorrupt, stored[0])
	}
	value := stored[SealBytes:]
	if binary.BigEndian.Uint32(stored[1:SealBytes]) != sum(key, value) {
		return nil, fmt.Errorf("%w: the checksum of a value is wrong", ErrCorrupt)
	}
	return value, nil
}

func sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}
