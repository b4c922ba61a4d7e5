package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/faulty"
)

// controlled opens a store in memory whose engine the test controls.
func controlled(t *testing.T) (*Store, *faulty.Store) {
	t.Helper()
	open, engine := enginetest.Controlled()
	s, err := Open(Options{Engine: open, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s, engine()
}

// An engine returns one of these errors while somebody does something. No message may
// suggest a bug in the program, and each says whether anything was changed.
func TestEveryErrorOfAnEngineHasASentence(t *testing.T) {
	cause := errors.New("said by the system")
	tests := []struct {
		err  error
		kind access.Kind
		code string
		says string
	}{
		{kv.ErrConflict, access.Unavailable, "store_busy",
			"The server is very busy. Nothing was changed. Try again in a moment."},
		{kv.ErrBusy, access.Unavailable, "store_busy",
			"The server is very busy. Nothing was changed. Try again in a moment."},
		{kv.ErrUnavailable, access.Unavailable, "store_unavailable",
			"The server cannot do this right now. Nothing was changed. Try again in a moment."},
		{kv.ErrUnknownOutcome, access.Unavailable, "unknown_outcome",
			"It is not yet known whether this was saved. Check before you try again."},
		{errors.Join(kv.ErrUnavailable, kv.ErrUnknownOutcome), access.Unavailable, "unknown_outcome",
			"It is not yet known whether this was saved. Check before you try again."},
		{kv.ErrReadOnly, access.Unavailable, "read_only",
			"The server accepts no changes right now. Nothing was changed. Please tell an administrator."},
		{kv.ErrNotEmpty, access.Conflict, "store_not_empty",
			"This store already holds data. Restore into an empty data directory."},
		{kv.ErrCorrupt, access.NoData, "data_dir_damaged",
			"The data of this server is damaged, and using it could cause further loss. Keep a copy of the " +
				"directory, then restore the latest backup into an empty one. See the log for details."},
		{&kv.FullError{Dir: "/srv/d/store", Task: kv.ToWrite, Err: cause}, access.Unavailable, "disk_full",
			"The server's disk is nearly full, so nothing can be changed right now. Please tell an administrator."},
		{&kv.FullError{
			Dir:  "/srv/d/store",
			Task: kv.ToStart,
			Need: 200<<20 - 1,
			Err:  cause,
		}, access.Unavailable, "disk_full",
			"The disk of the data directory /srv/d is nearly full: Doorward needs 200 MB free. Free some space, " +
				"then start again."},
		{&kv.FullError{
			Dir:  "/srv/d/store",
			Task: kv.ToCompact,
			Need: 5 << 20,
			Err:  cause,
		}, access.Unavailable, "disk_full",
			"There is not enough room to compact the data in /srv/d: about 6 MB more must be free."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirInUse, Err: cause}, access.NoData, "data_dir_in_use",
			"Another Doorward is using the data directory /srv/d. Stop it first, or choose another directory."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirNewer, Err: cause}, access.NoData, "data_dir_newer",
			"The data in /srv/d was written by a newer Doorward. Run that version, or restore a backup made by " +
				"this one."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirUnmarked, Err: cause}, access.NoData, "data_dir_no_sentinel",
			"The data directory /srv/d contains files of a store, but not the marker that every Doorward " +
				"store has. It may be damaged or from another program. Restore a backup into an empty directory."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirDamaged, Err: cause}, access.NoData, "data_dir_damaged",
			"The data in /srv/d is damaged, and using it could cause further loss. Keep a copy of the directory, " +
				"then restore the latest backup into an empty one. See the log for details."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirUnreadable, Err: cause}, access.NoData, "data_dir_unreadable",
			"This user cannot read and write the data directory /srv/d. Make the user that runs Doorward its " +
				"owner, or choose another directory."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirForeign, Name: "/srv/d/store/x", Err: cause},
			access.NoData, "data_dir_not_ours",
			`The data directory contains "/srv/d/store/x", which does not belong to Doorward. Choose an empty directory, ` +
				"or move that file away if it was put there by mistake."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirUnusable, Err: cause}, access.NoData, "data_dir_unusable",
			"The data directory /srv/d cannot be used: said by the system. Choose another directory."},
		{&kv.DirError{Dir: "/srv/d/store", Problem: kv.DirOfOther,
			Err: access.Errorf(access.NoData, "It is %s's.", "Bob").WithCode("data_dir_of_another_user")},
			access.NoData, "data_dir_of_another_user", "It is Bob's."},
	}
	s, engine := controlled(t)
	for _, tt := range tests {
		engine.Fail(tt.err)
		for verb, err := range map[string]error{
			"Update": s.Update(context.Background(), func(*Tx) error { return nil }),
			"View":   s.View(context.Background(), func(*Tx) error { return nil }),
			"Ready":  s.Ready(context.Background()),
		} {
			e := access.Explain(err)
			if e.Kind != tt.kind || e.Code != tt.code || e.Message != tt.says {
				t.Errorf("%v, from %s, is told as %+v", tt.err, verb, e)
			}
			if format, _ := e.Sentence(); format == "%s" {
				t.Errorf("%v, from %s, cannot be translated", tt.err, verb)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("%v, from %s, has lost its cause", tt.err, verb)
			}
		}
	}
	engine.Fail(nil)
	must(t, s.Ready(context.Background()))
}

// A verb's own refusals, and errors that are not for display, pass unchanged.
func TestErrorsOfAVerbPass(t *testing.T) {
	s, _ := controlled(t)
	mine := access.Errorf(access.Forbidden, "No.").Because(kv.ErrUnavailable)
	unknown := errors.New("a fault of the program")
	for _, want := range []error{mine, unknown, context.Canceled} {
		if err := s.Update(context.Background(), func(*Tx) error { return want }); err != want {
			t.Errorf("Update = %v, want %v", err, want)
		}
	}
}
