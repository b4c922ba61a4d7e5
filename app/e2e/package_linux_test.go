package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"doorward/build/need"
)

// The Debian package of the window is made as make package makes it, installed
// by dpkg into a root of its own, started from there on a real display, and
// removed again. What it depends on is what this machine's apt knows.
func TestDesktopPackage(t *testing.T) {
	program := desktop(t)
	need.Program(t, "dpkg", "dpkg-deb")
	need.Program(t, "librsvg2-bin", "rsvg-convert")
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
	if depends := run("dpkg-deb", "--field", made,
		"Depends"); strings.TrimSpace(depends) != "libwebkit2gtk-4.1-0, libgtk-3-0" {
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
		return run("dpkg",
			append([]string{"--root=" + root, "--log=" + filepath.Join(out, "log"),
				"--force-not-root,depends,script-chrootless"}, args...)...)
	}
	dpkg("--install", made)
	for _, file := range []string{"applications/doorward-desktop.desktop", "metainfo/doorward-desktop.metainfo.xml",
		"icons/hicolor/scalable/apps/doorward-desktop.svg",
		"icons/hicolor/16x16/apps/doorward-desktop.png", "icons/hicolor/512x512/apps/doorward-desktop.png",
		"doc/doorward-desktop/copyright"} {
		if info, err := os.Stat(filepath.Join(root, "usr/share", file)); err != nil || info.Size() == 0 {
			t.Errorf("it lacks %s: %v", file, err)
		}
	}

	p, s := newProduct(t), newScreen(t)
	s.opens(filepath.Join(root, "usr/bin/doorward-desktop"), append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0"))
	s.ends(t, s.pid(s.window("^Doorward$")))
	dpkg("--remove", "doorward-desktop")
	if _, err := os.Stat(filepath.Join(root, "usr/bin/doorward-desktop")); !os.IsNotExist(err) {
		t.Errorf("the program is still there: %v", err)
	}
}

// Without WebKit the loader ends the program before main, so the script that starts it
// says what is missing and what to do. The test hides another library instead, since
// this machine needs its WebKit.
func TestWithoutWebKit(t *testing.T) {
	need.Program(t, "gcc", "gcc")
	root := t.TempDir()
	in := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	launcher, err := os.ReadFile("../../build/package/doorward-desktop")
	if err != nil {
		t.Fatal(err)
	}
	start := in("usr/bin/doorward-desktop", string(launcher), 0o755)
	library, program := filepath.Join(root, "libgone.so.1"), filepath.Join(root, "usr/lib/doorward/doorward-desktop")
	source := in("gone.c", "int gone(void) { return 0; }", 0o644)
	main := in("usr/lib/doorward/main.c", "int gone(void); int main(void) { return gone(); }", 0o644)
	for _, args := range [][]string{{"-shared", "-fPIC", "-Wl,-soname,libgone.so.1", "-o", library, source},
		{"-o", program, main, library}} {
		if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			t.Fatalf("gcc: %v\n%s", err, out)
		}
	}
	cmd := exec.Command(start)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("with the library: %v, %s", err, out)
	}
	if err := os.Remove(library); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(start).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 ||
		!strings.Contains(string(out),
			"This computer lacks what the window is drawn with: libgone.so.1. Install WebKitGTK 4.1") {
		t.Errorf("without it: %v, %s", err, out)
	}
}
