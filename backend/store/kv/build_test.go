package kv

import (
	"encoding/binary"
	"io"
)

// numbered gives the keys 0 to count-1, eight bytes each, for Load; n counts
// along.
func numbered(count uint64, size int, n *uint64) func() (KV, error) {
	value := make([]byte, size)
	return func() (KV, error) {
		if *n == count {
			return KV{}, io.EOF
		}
		key := binary.BigEndian.AppendUint64(nil, *n)
		copy(value, key)
		*n++
		return KV{Key: key, Value: value}, nil
	}
}
