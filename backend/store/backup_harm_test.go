package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/kvtest"
	"doorward/build/need"
)

// A disk or a person damages a backup, in every way and in many places, and somebody
// restores it in an emergency. It is refused with a sentence, and nothing of it is left. A
// complete backup of another Doorward, or an older one, is restored as what it says it is:
// everything in that file, and nothing else. A missing file is the caller's to handle.
func TestHarmOfABackupIsRefused(t *testing.T) {
	need.Time(t)
	older, whole := backups(t, 1)
	_, other := backups(t, 2)
	r, verdicts := rand.New(rand.NewPCG(kvtest.Seed(t), 9)), map[string]int{}
	for _, h := range kvtest.Harms {
		for range h.Times(10) {
			data := h.Do(r, bytes.Clone(whole), other, older)
			if data == nil {
				break
			}
			into := filepath.Join(t.TempDir(), "new")
			got, err := restored(data, into)
			var told *access.Error
			switch {
			case h.Name == kvtest.Anothers || h.Name == kvtest.Older:
				want, wrong := restored(data, filepath.Join(t.TempDir(), "again"))
				if err != nil || wrong != nil || got != want {
					t.Errorf("%s: it holds otherwise than it says: %v, %v", h.Name, err, wrong)
				}
				verdicts["whole"]++
			case bytes.Equal(data, whole):
				verdicts["harmless"]++ // the content is unchanged
			case err == nil:
				t.Errorf("%s: it was taken", h.Name)
			case !errors.As(err, &told) || told.Message == "":
				t.Errorf("%s: refused without a sentence: %v", h.Name, err)
			default:
				verdicts["refused"]++
				if _, err := os.Stat(into); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: something of it is left", h.Name)
				}
			}
		}
	}
	t.Logf("%v", verdicts)
}

// backups returns two backups of one Doorward, one before and one after more changes.
func backups(t *testing.T, instance int) (older, whole []byte) {
	t.Helper()
	s := harmable(t, filepath.Join(t.TempDir(), "data"))
	defer s.Close()
	err := fill(s, 30, func(i int) access.Member {
		email := fmt.Sprintf("m%d.%d@example.com", instance, i)
		return access.Member{
			ID:         access.MemberID(fmt.Sprintf("%025d%d", i, instance)),
			Email:      access.Address{Typed: email, Canonical: email},
			State:      access.Active,
			Roles:      []access.RoleName{access.Admin},
			Invitation: access.Invitation{By: access.Operator, At: s.Now(), ExpiresAt: s.Now()},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	backup := func() []byte {
		t.Helper()
		err := s.Update(t.Context(), func(tx *Tx) error {
			return tx.Record(access.Operator, access.ActionInvite, "", "")
		})
		var w bytes.Buffer
		if err == nil {
			err = s.Backup(t.Context(), &w)
		}
		if err != nil {
			t.Fatal(err)
		}
		return w.Bytes()
	}
	return backup(), backup()
}

// restored returns the counters and members of a backup, after a verified restore.
func restored(data []byte, into string) (who string, err error) {
	o := Options{Engine: enginetest.Open, Dir: into, MinFree: 1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	out, err := Restore(context.Background(), bytes.NewReader(data), o)
	if err != nil {
		return "", err
	}
	who = fmt.Sprintf("%+v\n", out)
	s, err := Open(o)
	if err != nil {
		return "", err
	}
	defer s.Close()
	err = s.Each(context.Background(), func(key, value []byte) error {
		if key[0] == 'm' {
			who += fmt.Sprintf("%s=%x\n", key, value)
		}
		return nil
	})
	return who, err
}
