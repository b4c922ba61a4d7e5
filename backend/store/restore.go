package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"doorward/backend/access"
	"doorward/backend/private"
	"doorward/backend/store/kv"
)

// restoring is the subdirectory of a data directory in which a backup is restored and
// checked, before any of it is where a start would use it.
const restoring = "doorward.restoring"

// A Restored describes a restore.
type Restored struct {
	Report
	Tokens int // API tokens that are now void
}

// Restore creates a new data directory from a backup. A backup from which no server could
// start is refused with a sentence, and leaves nothing. Every member has to sign in again,
// open invitations have to be sent again, waiting emails are marked as failed, and API
// tokens are deleted: one that was revoked after the backup was made would be valid again.
func Restore(ctx context.Context, r io.Reader, o Options) (out Restored, err error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	entries, err := os.ReadDir(o.Dir)
	fresh := errors.Is(err, os.ErrNotExist)
	if len(entries) > 0 {
		return out, access.Errorf(
			access.Invalid,
			"%s is not empty. A backup is restored into a new directory; give --data one.",
			o.Dir,
		).WithCode("restore_not_empty")
	}
	f := &frameReader{r: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
	h, err := f.header()
	if err != nil {
		return out, err
	}
	root, err := hex.DecodeString(h.Key)
	if err != nil || len(root) != 32 {
		return out, notABackup("its header is garbled", err)
	}
	if err := prepareDir(o.Dir, o.Logger); err != nil {
		return out, err
	}
	work := filepath.Join(o.Dir, restoring)
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
			if fresh {
				err = errors.Join(err, os.Remove(o.Dir))
			}
		}
	}()
	if out, err = restoreInto(ctx, f, root, o, work); err != nil {
		return out, err
	}
	return out, moveUp(work, o.Dir)
}

// restoreInto creates a data directory from a backup, and verifies it.
func restoreInto(ctx context.Context, f *frameReader, root []byte, o Options, dir string) (out Restored, err error) {
	o.Dir = dir
	if err := prepareDir(dir, o.Logger); err != nil {
		return out, err
	}
	if err := writeKey(filepath.Join(dir, keyFile), root); err != nil {
		return out, err
	}
	s, err := Open(o)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Load(ctx, f.next); err != nil {
		return out, err
	}
	if err := s.bumpEpoch(ctx); err != nil {
		return out, err
	}
	if err := firstOf(ctx, s.checkSchema, s.migrate, s.checkOtherRecords, s.checkUsable); err != nil {
		return out, explainUnusable(err)
	}
	if out.Tokens, err = s.afterRestore(ctx); err != nil {
		return out, err
	}
	out.Report, err = s.Verify(ctx)
	return out, explainUnusable(err)
}

// moveUp moves the parts of a restored directory to where a start uses them: the store
// first, so that a start between the two finds that its key is missing, and not an empty
// place for a new store.
func moveUp(work, dir string) error {
	for _, name := range []string{engineDir, keyFile} {
		if err := os.Rename(filepath.Join(work, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(work), private.SyncDir(dir))
}

// explainUnusable turns the fault of a restored store into a sentence about the backup.
func explainUnusable(err error) error {
	var told *access.Error
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, kv.ErrNewer):
		return access.Errorf(access.Invalid, "This backup was made by a newer Doorward. Nothing was restored. "+
			"Restore it with that version, or use another copy.").WithCode("backup_newer").Because(err)
	case errors.As(err, &told) && told.Code == "backup_unusable":
		return err
	case errors.As(err, &told):
		return unusableBackup(err, "what it holds does not fit together")
	}
	return unusableBackup(err, "a record in it cannot be read")
}

func unusableBackup(cause error, why string, args ...any) error {
	return access.Errorf(
		access.Invalid,
		"No Doorward could start from this backup: "+why+". Nothing was restored. Use another copy, or an earlier one.",
		args...,
	).WithCode("backup_unusable").Because(cause)
}

// checkOtherRecords reads every record that verification does not read.
func (s *Store) checkOtherRecords(ctx context.Context) error {
	return s.Each(ctx, func(key, value []byte) error {
		r := recordOf(key)
		if r == nil || r.holds == nil || recountedFrom[r.prefix] {
			return nil
		}
		return decode(key, value, reflect.New(reflect.TypeOf(r.holds)).Interface())
	})
}

// checkUsable refuses a store from which a server could not start, or into which nobody
// could sign in.
func (s *Store) checkUsable(ctx context.Context) error {
	return s.View(ctx, func(tx *Tx) error {
		roles, err := tx.Roles.Own()
		if err != nil {
			return err
		}
		for _, r := range roles {
			if err := access.CheckGrants(r); err != nil {
				return unusableBackup(
					err,
					"the role %q in it is not one that can be. %s",
					access.Shorten(string(r.Name), 40),
					access.Explain(err).Message,
				)
			}
		}
		settings, err := tx.Settings()
		if err == nil {
			err = settings.Check()
		}
		if err != nil {
			return unusableBackup(err, "the settings in it are not ones that can be. %s", access.Explain(err).Message)
		}
		c, err := tx.Counters()
		switch {
		case err != nil:
			return err
		case c.Members() == 0:
			return unusableBackup(nil, "it holds no member")
		case c.Admins == 0:
			return unusableBackup(nil, "it holds no active Admin, so nobody could let others in")
		}
		return nil
	})
}

// afterRestore deletes the API tokens, fails the emails whose facts are missing, a few at a
// time, and records the restore.
func (s *Store) afterRestore(ctx context.Context) (tokens int, err error) {
	for more := true; more; {
		var dropped int
		slow, cancel := context.WithTimeout(ctx, maxStartWait)
		err := s.Update(slow, func(tx *Tx) error {
			if dropped, err = tx.dropTokens(8); err != nil {
				return err
			}
			waiting, err := tx.Messages.Queued(8)
			if err != nil {
				return err
			}
			if more = len(waiting) > 0 || dropped > 0; !more {
				if err := tx.forgetMailPassword(); err != nil {
					return err
				}
				return tx.Record(access.System, access.ActionRestoreData, "", tokenWords(tokens))
			}
			return tx.failMessages(waiting)
		})
		cancel()
		if err != nil {
			return tokens, err
		}
		tokens += dropped
	}
	return tokens, nil
}

func tokenWords(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 API token is void"
	}
	return strconv.Itoa(n) + " API tokens are void"
}

func (tx *Tx) dropTokens(n int) (int, error) {
	all, err := tx.Tokens.List(n)
	for _, t := range all {
		if err := tx.Tokens.Delete(t); err != nil {
			return 0, err
		}
	}
	return len(all), err
}

func (tx *Tx) failMessages(waiting []access.Message) error {
	for _, m := range waiting {
		m.Failed("It waited when a backup was made, which does not hold the words of emails. Use resend.", tx.Now)
		if err := tx.Messages.Put(m); err != nil {
			return err
		}
	}
	return nil
}
