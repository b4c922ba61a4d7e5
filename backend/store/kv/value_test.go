package kv

import (
	"bytes"
	"errors"
	"testing"
)

// Damage, or a value under another key, must not be read as good data. A sealed value comes
// back for its key and for no other; anything but the exact sealed bytes is reported as
// damaged.
func FuzzValue(f *testing.F) {
	f.Add([]byte("m/abc"), []byte(`{"id":"abc"}`), []byte("m/abd"), 0, byte(1), []byte{1, 0, 0, 0, 0})
	f.Add([]byte(""), []byte(""), []byte("x"), 4, byte(0x80), []byte{})
	f.Add([]byte("k"), []byte("k"), []byte(""), 5, byte(0xff), []byte{2, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, key, value, other []byte, where int, change byte, raw []byte) {
		stored := Seal(nil, key, value)
		if got, err := Unseal(key, stored); err != nil || !bytes.Equal(got, value) {
			t.Errorf("sealed %q under %q came back as %q, %v", value, key, got, err)
		}
		damaged := bytes.Clone(stored)
		damaged[max(where, 0)%len(damaged)] ^= change
		for _, bad := range [][]byte{damaged, stored[:len(stored)-1], stored[:max(where, 0)%len(stored)]} {
			if got, err := Unseal(key, bad); !bytes.Equal(bad, stored) && (err == nil || !errors.Is(err, ErrCorrupt)) {
				t.Errorf("damaged, it came back as %q, %v", got, err)
			}
		}
		if len(key) == len(other) && !bytes.Equal(key, other) && differ(key, other) <= 4 {
			if _, err := Unseal(other, stored); err == nil {
				t.Errorf("the value of %q is taken for that of %q", key, other)
			}
		}
		if got, err := Unseal(key, raw); err == nil && !bytes.Equal(Seal(nil, key, got), raw) {
			t.Errorf("%x came back as %q, which is sealed otherwise", raw, got)
		}
	})
}

// differ is the distance between the first and the last byte in which two keys differ: a
// checksum of 32 bits distinguishes all keys up to four bytes apart, and all but one in
// four billion beyond.
func differ(a, b []byte) int {
	first, last := -1, -1
	for i := range a {
		if a[i] != b[i] {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	return last - first + 1
}
