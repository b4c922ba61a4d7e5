//go:build linux || darwin || freebsd

package private

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doorward/backend/access"
	"doorward/build/need"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Somebody put a link where one of our files is to be written: the target would be
// overwritten, as root if root runs the server. The file is replaced instead, and only the
// link is gone.
func TestWriteFollowsNothing(t *testing.T) {
	for what, plant := range map[string]func(name, victim string) error{
		"nothing":         func(string, string) error { return nil },
		"a link":          func(name, victim string) error { return os.Symlink(victim, name) },
		"a dangling link": func(name, victim string) error { return os.Symlink(victim+".not", name) },
		"a hard link":     func(name, victim string) error { return os.Link(victim, name) },
		"a pipe":          func(name, _ string) error { return syscall.Mkfifo(name, 0o600) },
		"a file of all": func(name, _ string) error {
			return errors.Join(os.WriteFile(name, []byte("x"), 0o600), os.Chmod(name, 0o666))
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			name, victim := filepath.Join(dir, "ours"), filepath.Join(dir, "victim")
			must(t, os.WriteFile(victim, []byte("theirs"), 0o644))
			must(t, plant(name, victim))
			must(t, Write(name, []byte("secret")))
			info, err := os.Lstat(name)
			must(t, err)
			text, err := os.ReadFile(name)
			if err != nil || string(text) != "secret" || info.Mode() != FileMode {
				t.Errorf("it holds %q, mode %v, %v", text, info.Mode(), err)
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != "theirs" {
				t.Errorf("the victim holds %q, %v", text, err)
			}
			if _, err := os.Lstat(victim + ".not"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a dangling link was followed")
			}
		})
	}
	if err := Write(filepath.Join(t.TempDir(), "no", "such"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
}

// The machine stops while a file is replaced: what is read then is the old content or the
// new, never a part, and what the crash left beside it does not stand in the way.
func TestReplaceIsWholeOrNothing(t *testing.T) {
	dir := t.TempDir()
	name, victim := filepath.Join(dir, "ours"), filepath.Join(dir, "victim")
	must(t, os.WriteFile(victim, []byte("theirs"), 0o644))
	must(t, os.Symlink(victim, name+".new"))
	must(t, Replace(name, []byte("old")))
	must(t, os.WriteFile(name+".new", []byte("ha"), 0o666))
	reader, err := os.Open(name)
	must(t, err)
	defer reader.Close()
	must(t, Replace(name, []byte("new")))
	if text, err := io.ReadAll(reader); err != nil || string(text) != "old" {
		t.Errorf("who had it open reads %q, %v", text, err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "new" {
		t.Errorf("it holds %q, %v", text, err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode() != FileMode {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "theirs" {
		t.Errorf("the victim holds %q, %v", text, err)
	}
	must(t, os.Mkdir(name+".new", 0o700))
	must(t, os.WriteFile(filepath.Join(name+".new", "x"), nil, 0o600))
	if err := Replace(name, []byte("newer")); err == nil {
		t.Error("a full directory in its place is taken")
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "new" {
		t.Errorf("after a failure it holds %q, %v", text, err)
	}
}

// A pipe in place of the instance key would block the start forever, and a link would make
// us read or lock another file.
func TestOpenTakesPlainFilesOnly(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("plain"), []byte("x"), 0o600))
	must(t, os.Symlink(at("plain"), at("link")))
	must(t, os.Symlink(at("not"), at("dangling")))
	must(t, syscall.Mkfifo(at("pipe"), 0o600))
	must(t, os.Mkdir(at("dir"), 0o700))
	for name, good := range map[string]bool{
		"plain":    true,
		"link":     false,
		"dangling": false,
		"pipe":     false,
		"dir":      false,
		"none":     false,
	} {
		f, err := Open(at(name), os.O_RDONLY)
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			must(t, f.Close())
		}
	}
	if f, err := Open(at("dangling"), os.O_RDWR|os.O_CREATE); err == nil {
		f.Close()
		t.Error("a dangling link was followed to make a file")
	}
	f, err := Open(at("made"), os.O_RDWR|os.O_CREATE)
	must(t, err)
	must(t, f.Close())
	if info, err := os.Stat(at("made")); err != nil || info.Mode() != FileMode {
		t.Errorf("it is made with %v, %v", info.Mode(), err)
	}
}

// A platform makes our directory accessible to others at each start, as Kubernetes does
// with an fsGroup: it is corrected, and the previous mode is reported. A directory that
// nobody else can access is left unchanged.
func TestDirIsTightened(t *testing.T) {
	for _, tt := range []struct{ mode, was os.FileMode }{
		{0o700, 0},
		{0o500, 0},
		{0o750, 0o750},
		{0o755, 0o755},
		{0o701, 0o701},
		{0o707, 0o707},
		{0o770 | fs.ModeSetgid, 0o770 | fs.ModeSetgid},
		{0o777 | fs.ModeSticky, 0o777 | fs.ModeSticky},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		must(t, os.Mkdir(dir, 0o700))
		must(t, os.Chmod(dir, tt.mode))
		was, err := Dir(dir)
		must(t, err)
		want := os.FileMode(0)
		if tt.was != 0 {
			want = tt.was | fs.ModeDir
		}
		info, err := os.Stat(dir)
		must(t, err)
		if was != want || Exposed(info) || tt.was != 0 && info.Mode() != Mode|fs.ModeDir {
			t.Errorf("mode %v: said to have been %v, and is %v", tt.mode, was, info.Mode())
		}
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	if was, err := Dir(dir); err != nil || was != 0 {
		t.Errorf("a fresh one: %v, %v", was, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode() != Mode|fs.ModeDir {
		t.Errorf("it is made with %v, %v", info.Mode(), err)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := Dir(file); err == nil {
		t.Error("a file is taken for a directory")
	}
}

// As root, the directory belongs to another user, or another user could replace it: nothing
// in it is touched.
func TestDirOfAnotherUserIsRefused(t *testing.T) {
	need.Root(t)
	const eve = 54321
	top := t.TempDir()
	theirs := filepath.Join(top, "theirs")
	must(t, os.Mkdir(theirs, 0o755))
	if err := os.Chown(theirs, eve, eve); err != nil {
		need.Impossible(t, "This root cannot give files away: %v.", err)
	}
	inside := filepath.Join(theirs, "data")
	must(t, os.Mkdir(inside, 0o755))
	link := filepath.Join(top, "link")
	must(t, os.Symlink(inside, link))
	for _, dir := range []string{theirs, inside, link, filepath.Join(inside, "fresh")} {
		_, err := Dir(dir)
		if e := access.Explain(err); e.Code != "data_dir_of_another_user" ||
			!strings.Contains(e.Message, "sudo -u '#54321'") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	for _, dir := range []string{theirs, inside} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("the mode of %s is changed to %v, %v", dir, info.Mode(), err)
		}
	}
	if _, err := os.Stat(filepath.Join(inside, "fresh")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a directory was made in a place that is somebody else's")
	}
	// in a user namespace, root owns what has no known owner, as a rule
	must(t, os.Chown(theirs, nobody, nobody))
	if _, err := Dir(inside); err != nil {
		t.Errorf("inside one of nobody's: %v", err)
	}
}
