package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"doorward/backend/access"
)

// A cursor is accepted only as it was made: for the same list, byte for byte. An edited
// one, or one put together from parts, is refused with a sentence.
func FuzzCursor(f *testing.F) {
	b := openBox(f, "")
	f.Add([]byte("q/00000001/abc"), "waiting", "members", 3, byte(1))
	f.Add([]byte("m"), "", "x", 0, byte(0x80))
	f.Add([]byte("a/\x00\xff"), "members state=pending", "members state=active", 30, byte('\n'))
	f.Fuzz(func(t *testing.T, at []byte, label, other string, where int, change byte) {
		if len(at) == 0 || len(at) > 200 || !utf8.ValidString(label) || !utf8.ValidString(other) {
			return // not a place in a list, or not a query
		}
		must(t, b.View(context.Background(), func(tx *Tx) error {
			c := tx.cursor(at, label)
			if got, err := tx.openCursor(c, nil, label); err != nil || !bytes.Equal(got, at) {
				t.Errorf("the cursor of %q opens as %q, %v", at, got, err)
			}
			place := min(max(where, -where, 0), len(c)-1)
			edited := c[:place] + string(change) + c[place:]
			swapped := []byte(c)
			swapped[place] ^= change
			for _, bad := range []string{edited, string(swapped), c[:place], c + c, string(at)} {
				if got, err := tx.openCursor(bad, nil, label); bad != c && err == nil {
					t.Errorf("%q, edited from %q, opens as %q", bad, c, got)
				} else if err != nil && access.Explain(err).Code != "bad_cursor" {
					t.Errorf("%q is refused with %v", bad, err)
				}
			}
			if _, err := tx.openCursor(c, nil, other); other != label && err == nil {
				t.Errorf("the cursor of %q is taken for %q", label, other)
			}
			return nil
		}))
	})
}

// Whatever bytes a backup contains, reading it ends with all records or with a sentence: it
// never panics, and accepts nothing that differs from what writing its records again would
// give. The data may have a new checksum, as a forger would compute: that gets it as far as
// the frames.
func FuzzBackup(f *testing.F) {
	b := openBox(f, "")
	full(b)
	good := b.backup()
	f.Add(good, false, 0, byte(0))
	f.Add(good[:len(good)-sha256.Size], true, len(good)/2, byte(4))
	f.Add([]byte(backupMagic+`{"instance":"x","key":"00"}`+"\n\x00\x00"), true, 0, byte(0))
	f.Add(
		[]byte(backupMagic+`{"instance":"x","key":"00"}`+"\n\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7fx"),
		true,
		0,
		byte(0),
	)
	f.Add([]byte{}, false, 0, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, summed bool, where int, change byte) {
		data = bytes.Clone(data)
		if len(data) > 0 {
			data[max(where, 0)%len(data)] ^= change
		}
		if summed {
			sum := sha256.Sum256(data)
			data = append(data, sum[:]...)
		}
		r := &frameReader{r: bufio.NewReader(bytes.NewReader(data)), sum: sha256.New()}
		_, err := r.header()
		var again bytes.Buffer
		w := &frameWriter{w: &again}
		for err == nil {
			kv, bad := r.next()
			if err = bad; err == nil {
				w.frame(kv.Key, kv.Value)
			}
		}
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			if e := access.Explain(err); e.Code != "backup_damaged" {
				t.Errorf("a damaged backup is refused with %v", err)
			}
			return
		}
		head := len(backupMagic) + bytes.IndexByte(data[len(backupMagic):], '\n') + 1
		w.number(0)
		w.number(w.count)
		body := append(bytes.Clone(data[:head]), again.Bytes()...)
		sum := sha256.Sum256(body)
		if !bytes.Equal(append(body, sum[:]...), data) {
			t.Errorf("a backup of %d bytes was taken that is written otherwise", len(data))
		}
	})
}
