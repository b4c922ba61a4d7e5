package badger

import (
	"encoding/binary"
	"io"

	"doorward/backend/store/kv"
)

// numbered returns the keys 0 to count-1, eight bytes each, for Load; n counts them.
func numbered(count uint64, size int, n *uint64) func() (kv.KV, error) {
	value := make([]byte, size)
	return func() (kv.KV, error) {
		if *n == count {
			return kv.KV{}, io.EOF
		}
		key := binary.BigEndian.AppendUint64(nil, *n)
		copy(value, key)
		*n++
		return kv.KV{Key: key, Value: value}, nil
	}
}
