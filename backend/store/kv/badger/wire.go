package badger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"doorward/backend/store/kv"
)

// The form of a batch in a log: for each key its length, the key, the length of the stored
// value, and that value with its checksum. A stored value is never empty: length zero is a
// deletion. All lengths are uvarints.

var errWrites = fmt.Errorf("%w: a batch of the log", kv.ErrCorrupt)

// encodeWrites returns the last write of every key of stage.
func encodeWrites(stage *overlay) []byte {
	n := 0
	for _, w := range stage.writes {
		n += 2*binary.MaxVarintLen32 + len(w.key) + len(w.stored)
	}
	out := make([]byte, 0, n)
	stage.last(func(w *staged) error {
		out = appendBytes(appendBytes(out, w.key[1:]), w.stored)
		return nil
	})
	return out
}

// decodeWrites checks every key and value. The values in what it returns share memory with
// data, the keys do not: watchers may keep them.
func decodeWrites(data []byte) (*overlay, error) {
	stage := &overlay{writes: make([]staged, 0, len(data)/usualWrite)}
	for len(data) > 0 {
		key, rest, ok := cutBytes(data)
		stored, rest, ok2 := cutBytes(rest)
		if !ok || !ok2 {
			return nil, fmt.Errorf("%w ends too early", errWrites)
		}
		data = rest
		if err := checkWrite(key, stored); err != nil {
			return nil, err
		}
		w := staged{key: markedFrom(key), stored: stored}
		if len(stored) == 0 {
			w.stored = nil
		}
		stage.writes = append(stage.writes, w) // a batch has each key once
	}
	return stage, nil
}

const usualWrite = 128 // bytes of a key with its value

func checkWrite(key, stored []byte) error {
	if err := kv.CheckKey(key); err != nil {
		return errors.Join(errWrites, err)
	}
	if len(stored) == 0 {
		return nil
	}
	value, err := kv.Unseal(key, stored)
	if err != nil {
		return err
	}
	if err := kv.CheckValue(value); err != nil {
		return errors.Join(errWrites, err)
	}
	return nil
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func cutBytes(data []byte) (b, rest []byte, ok bool) {
	n, used := binary.Uvarint(data)
	if used <= 0 || n > uint64(len(data)-used) {
		return nil, nil, false
	}
	end := used + int(n)
	return data[used:end], data[end:], true
}
