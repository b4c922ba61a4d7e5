package hostile

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var _ = item("96", "another user of the machine reads the data, or prepares the directory beforehand", otherUsers)

// Other users of the machine read the data directory. It is readable by its owner
// only, whatever the umask. One that others can read, that is a file, or that contains
// other data, is not used.
func otherUsers(t *testing.T) {
	h := openWithAdmin(t)
	h.member("ada@example.com")
	if err := filepath.WalkDir(h.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s (%v)", filepath.Base(path), info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	toml := filepath.Join(h.Dir, "doorward.toml")
	if err := errorsOf(
		os.WriteFile(toml, []byte("smtp_url = \"smtp://user:password@mail.example.com\"\n"), 0o600),
		os.Chmod(toml, 0o644),
	); err != nil {
		t.Fatal(err)
	}
	s, err := h.Run("members")
	if err != nil || !strings.Contains(s.Err, "its mode was corrected") || strings.Contains(s.Err, "password@") {
		t.Errorf("a password that others could read is taken without a word: %+v, %v", s, err)
	}
	if info, err := os.Stat(toml); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can still read the password: %v, %v", info, err)
	}
	os.Remove(toml)
	dir := t.TempDir()
	file, foreign, linked := filepath.Join(dir, "file"), filepath.Join(dir, "foreign"), filepath.Join(dir, "linked")
	for _, err := range []error{
		os.WriteFile(file, nil, 0o600), os.Mkdir(foreign, 0o700),
		os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("x"), 0o600), os.Mkdir(linked, 0o700),
		os.Symlink(filepath.Join(dir, "victim"), filepath.Join(linked, "instance.key")),
		os.WriteFile(filepath.Join(dir, "victim"), []byte("theirs"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{file, foreign, linked, "/proc", "/dev/null"} {
		if s, err := h.Run("setup", "--email", "x@example.com", "--data", bad); err != nil || s.Code == 0 ||
			s.Err == "" {
			t.Errorf("%s is taken as a data directory: %+v, %v", filepath.Base(bad), s, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "victim")); err != nil || string(b) != "theirs" {
		t.Errorf("a file behind a link was overwritten: %q, %v", b, err)
	}
	if os.Geteuid() == 0 { // only root can create a directory of another user
		theirs := filepath.Join(dir, "theirs")
		if err := errorsOf(os.Mkdir(theirs, 0o700), os.Chown(theirs, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		if s, err := h.Run("setup", "--email", "x@example.com", "--data", theirs); err != nil || s.Code == 0 {
			t.Errorf("a directory of another user is taken: %+v, %v", s, err)
		}
	}
}

func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

var _ = item("97",
	"a backup is read by others, truncated, garbled, or restored over a directory in use",
	garbledBackups)

// A damaged backup is restored. If any byte is changed or missing it is refused and
// leaves nothing behind; a directory that is not empty is not touched. Only the owner
// can read a backup.
func garbledBackups(t *testing.T) {
	h := openWithAdmin(t)
	h.member("ada@example.com")
	dir := t.TempDir()
	backup := filepath.Join(dir, "backup")
	h.command("backup", backup)
	info, err := os.Stat(backup)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode is %v (%v)", info.Mode(), err)
	}
	if s, err := h.Run("backup", backup); err != nil || s.Code == 0 {
		t.Errorf("a backup is overwritten: %+v, %v", s, err)
	}
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	harm := map[string][]byte{
		"empty":          {},
		"half":           whole[:len(whole)/2],
		"one byte short": whole[:len(whole)-1],
		"one byte more":  append(bytes.Clone(whole), 'x'),
		"twice":          append(bytes.Clone(whole), whole...),
		"not one":        []byte("hello\n"),
		"zeros":          make([]byte, 4096),
	}
	for i := range 12 {
		bad, at := bytes.Clone(whole), i*(len(whole)-1)/11
		bad[at] ^= 0x40
		harm[fmt.Sprintf("byte %d", at)] = bad
	}
	for name, bytes := range harm {
		file, data := filepath.Join(dir, "harmed"), filepath.Join(dir, "data")
		if err := os.WriteFile(file, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := h.Run("restore", file, "--data", data)
		if err != nil || s.Code == 0 || s.Err == "" || strings.Contains(s.Err, "panic") {
			t.Errorf("%s is restored: %+v, %v", name, s, err)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%s left a directory behind", name)
			os.RemoveAll(data)
		}
	}
	if s, err := h.Run("restore", backup, "--data", h.Dir); err != nil || s.Code == 0 {
		t.Errorf("a backup is restored over a directory in use: %+v, %v", s, err)
	}
	h.alive()
}

var _ = item("98", "a backup brings back links and sessions that have been used or ended since", resurrected)

// A restore brings back old records: a link that was used since the backup, a session
// that was ended. None of them works.
func resurrected(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	bob, _ := h.member("bob@example.com")
	ask := h.browser()
	ask.ask("bob@example.com")
	signed := path(h.mail("bob@example.com", signIn, 1).Link)
	dir := t.TempDir()
	h.command("backup", filepath.Join(dir, "backup"))
	h.browser().press(link, link).leads("/pending")
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	h.command("restore", filepath.Join(dir, "backup"), "--data", data)
	h.Dir = data
	h.Env = append(h.Env, "DOORWARD_DATA="+data)
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	h.browser().get(link).want(410)
	ask.get(signed).want(403, 410)
	bob.api("GET", "/me", nil).want(401)
	h.admin.api("GET", "/me", nil).want(401)
	h.browser().get(h.Setup[strings.Index(h.Setup, "/setup/"):]).want(410)
}
