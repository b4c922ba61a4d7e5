package store

import (
	"encoding/json"
	"fmt"

	"doorward/backend/store/kv"
)

// The JSON of a record has a version, which is that of its kind in the table of records.
// Version 1 has no mark. From version 2 on, the version is one byte before the JSON,
// smaller than any byte with which JSON starts: so records from before there were versions
// have version 1, and keep their bytes.
//
// A new field needs no new version: if it is missing, it is zero. A field whose meaning
// changes needs one, and a migration that rewrites the older records. The content of an
// index entry has no version: a migration rewrites it.

// maxVersion is the highest version that fits in one byte below every character of JSON.
const maxVersion = 0x1f

// encode returns v as the record at key stores it.
func encode(key []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	r := recordOf(key)
	if err != nil || r == nil || r.version <= 1 {
		return text, err
	}
	return append([]byte{r.version}, text...), nil
}

// decode reads the value of the record at key into v. An unknown version is kv.ErrNewer.
func decode(key, value []byte, v any) error {
	version, text := versionOf(value)
	known := byte(1)
	if r := recordOf(key); r != nil {
		known = max(known, r.version)
	}
	if version > known {
		return fmt.Errorf("%w: a record under %q has version %d, and %d is known here",
			kv.ErrNewer, key[:1], version, known)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("decode record under %q: %w", key[:1], err)
	}
	return nil
}

// versionOf splits a value into its version and its JSON.
func versionOf(value []byte) (version byte, text []byte) {
	if len(value) == 0 || value[0] == 0 || value[0] > maxVersion {
		return 1, value
	}
	return value[0], value[1:]
}
