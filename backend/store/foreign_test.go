//go:build linux || darwin || freebsd

package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/build/need"
)

// Eve, another user of the machine, has created the directory in which root's server is to
// keep its data, with a link to a file of root's where the instance key is written: root
// would overwrite that file with the key. Root refuses a directory of another user; and in
// its own it follows no link.
func TestRootFollowsNoLink(t *testing.T) {
	top := t.TempDir()
	victim := filepath.Join(top, "victim")
	plant := func(name string) string {
		dir := filepath.Join(top, name)
		must(t, errors.Join(os.WriteFile(victim, []byte("theirs"), 0o644), os.Mkdir(dir, 0o700)))
		for _, file := range []string{keyFile + ".new", "store.x"} {
			must(t, os.Symlink(victim, filepath.Join(dir, file)))
		}
		return dir
	}
	untouched := func(what string) {
		t.Helper()
		if text, err := os.ReadFile(victim); err != nil || string(text) != "theirs" {
			t.Errorf("%s: the file holds %q, %v", what, text, err)
		}
	}
	own := plant("own")
	s, err := Open(Options{Engine: enginetest.Open, Dir: own, MinFree: 1})
	must(t, err)
	must(t, s.Close())
	untouched("in a directory of one's own")
	if info, err := os.Lstat(filepath.Join(own, keyFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("the key is %v, %v", info.Mode(), err)
	}

	must(t, os.RemoveAll(filepath.Join(own, keyFile)))
	must(t, os.Symlink(victim, filepath.Join(own, keyFile)))
	if s, err := Open(Options{Engine: enginetest.Open, Dir: own, MinFree: 1}); err == nil {
		s.Close()
		t.Error("a link is taken for the instance key")
	}
	untouched("as the key")

	need.Root(t)
	theirs := plant("theirs")
	if err := os.Chown(theirs, 54321, 54321); err != nil {
		need.Impossible(t, "This root cannot give files away: %v.", err)
	}
	_, err = Open(Options{Engine: enginetest.Open, Dir: theirs, MinFree: 1})
	if e := access.Explain(err); e.Code != "data_dir_of_another_user" {
		t.Errorf("Open = %v", err)
	}
	untouched("in a directory of another user")
	left, err := os.ReadDir(theirs)
	if err != nil || len(left) != 2 {
		t.Errorf("root left %v, %v", left, err)
	}
}
