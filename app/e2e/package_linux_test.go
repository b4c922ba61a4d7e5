package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The Debian package of the window is made as make package makes it, installed
// by dpkg into a root of its own, started from there on a real display, and
// removed again. What it depends on is what this machine's apt knows.
func TestDesktopPackage(t *testing.T) {
	program := desktop(t)
	out, root := t.TempDir(), t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "BIN="+program, "OUT="+out+"/")
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
		}
		return string(said)
	}
	run("../../build/package/all", "1.2.3", "desktop")
	made := filepath.Join(out, "doorward-desktop_1.2.3_amd64.deb")
	if depends := run("dpkg-deb", "--field", made, "Depends"); strings.TrimSpace(depends) != "libwebkit2gtk-4.1-0, libgtk-3-0" {
		t.Errorf("it depends on %s", depends)
	}
	run("dpkg-query", "--show", "libwebkit2gtk-4.1-0", "libgtk-3-0")

	for _, dir := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg := func(args ...string) string {
		t.Helper()
		return run("dpkg", append([]string{"--root=" + root, "--log=" + filepath.Join(out, "log"), "--force-not-root,depends,script-chrootless"}, args...)...)
	}
	dpkg("--install", made)
	for _, file := range []string{"applications/doorward-desktop.desktop", "metainfo/doorward-desktop.metainfo.xml", "icons/hicolor/scalable/apps/doorward-desktop.svg",
		"icons/hicolor/16x16/apps/doorward-desktop.png", "icons/hicolor/512x512/apps/doorward-desktop.png", "doc/doorward-desktop/copyright"} {
		if info, err := os.Stat(filepath.Join(root, "usr/share", file)); err != nil || info.Size() == 0 {
			t.Errorf("it lacks %s: %v", file, err)
		}
	}

	p, s := newProduct(t), newScreen(t)
	s.opens(filepath.Join(root, "usr/bin/doorward-desktop"), append(p.env, "DOORWARD_LISTEN=127.0.0.1:0"))
	s.ends(t, s.pid(s.window("^Doorward$")))
	dpkg("--remove", "doorward-desktop")
	if _, err := os.Stat(filepath.Join(root, "usr/bin/doorward-desktop")); !os.IsNotExist(err) {
		t.Errorf("the program is still there: %v", err)
	}
}
