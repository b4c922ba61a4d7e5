package store

import (
	"encoding/json"
	"fmt"

	"doorward/backend/store/kv"
)

// The JSON of a record has a version, which is that of its kind in the table of
// records. Version 1 has no mark. From version 2 on the version is one byte before
// the JSON, which the encoder begins with no byte that small: so records from before there
// were versions are of version 1, and keep their bytes.
//
// A field that is added needs no new version: where it is missing it is zero. A
// field whose meaning changes does, and a migration that rewrites the older records.
// What an index entry says has no version: a migration writes it anew.

// maxVersion is the last version that one byte below all of JSON's can say.
const maxVersion = 0x1f

// encode is v as the record at key holds it.
func encode(key []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	r := recordOf(key)
	if err != nil || r == nil || r.version <= 1 {
		return text, err
	}
	return append([]byte{r.version}, text...), nil
}

// decode reads the value of the record at key into v. A version that is not known
// here is kv.ErrNewer.
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

// versionOf cuts a value into its version and its JSON.
func versionOf(value []byte) (version byte, text []byte) {
	if len(value) == 0 || value[0] == 0 || value[0] > maxVersion {
		return 1, value
	}
	return value[0], value[1:]
}
