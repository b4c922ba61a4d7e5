package store

import (
	"bytes"
	"errors"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A record of a newer Doorward must be refused, not misread: below, at and above the known
// version.
func TestRecordVersions(t *testing.T) {
	const text = `{"invited":3}`
	tests := []struct {
		name    string
		known   byte // the version in the table; zero: none is given
		value   string
		refused bool
	}{
		{"from before there were versions", 0, text, false},
		{"the same, where there are two by now", 2, text, false},
		{"the version that is known", 2, "\x02" + text, false},
		{"one more, where none was given", 0, "\x02" + text, true},
		{"one more than the first", 1, "\x02" + text, true},
		{"one more than the second", 2, "\x03" + text, true},
		{"the last that there can be", 2, "\x1f" + text, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withVersion(t, dayPrefix, tt.known)
			b := openBox(t, "")
			b.raw(func(t kv.Tx) error { return t.Set(dayKey(b.now()), []byte(tt.value)) })
			var days []Day
			err := b.View(t.Context(), func(tx *Tx) (err error) {
				days, err = tx.Days(1)
				return err
			})
			if tt.refused {
				var told *access.Error
				if !errors.As(err, &told) || told.Code != "data_dir_newer" || !errors.Is(err, kv.ErrNewer) {
					t.Errorf("Days = %+v, %v; want it refused as newer", days, err)
				}
				return
			}
			if err != nil || days[0].Invited != 3 {
				t.Errorf("Days = %+v, %v", days, err)
			}
		})
	}
}

func TestRecordsAreWrittenInTheirVersion(t *testing.T) {
	for _, tt := range []struct {
		version byte
		begins  string
	}{{0, `{`}, {1, `{`}, {2, "\x02{"}, {maxVersion, "\x1f{"}} {
		withVersion(t, dayPrefix, tt.version)
		value, err := encode(dayPrefix.key("2030-05-01"), Day{Invited: 1})
		if err != nil || !bytes.HasPrefix(value, []byte(tt.begins)) {
			t.Errorf("version %d is written as %q, %v", tt.version, value, err)
		}
	}
}

func withVersion(t *testing.T, p prefix, version byte) {
	r := kindOf(p)
	was := r.version
	r.version = version
	t.Cleanup(func() { r.version = was })
}
