package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// What the window has besides the console: the menu, used by mouse, links to other
// sites, and files dragged onto it.
func TestWindowIsNative(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--workspace", "Night Watch")
	asked := s.noteLinks(t)
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")

	s.chooses(t, window, 95, 4) // View, its fourth entry
	d.at("^/admin/audit")
	s.chooses(t, window, 20, 1) // File, its first
	d.find("dialog", "Invite New User")
	d.keys("\uE00C") // Escape

	const out = "https://handbook.example/invite?a=1&b=2"
	if _, err := d.script("const a = document.createElement('a'); a.href = '" + out +
		"'; a.textContent = 'Handbook'; document.querySelector('main').prepend(a); return ''"); err != nil {
		t.Fatal(err)
	}
	d.click("link", "Handbook")
	if got := strings.TrimSpace(s.written(t, asked)); got != out {
		t.Errorf("the system's browser got %q", got)
	}
	d.at("^/admin/settings/members$")

	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s.drags(t, file("people.csv", "email,role\nada@example.com,Fleet\nbob example.com,Fleet\n"), window, func() error {
		_, err := d.script("if (document.getElementById('many-text')?.value.includes('ada@example.com')) return ''; " +
			"throw new Error('the list is not there')")
		return err
	})
	d.find("dialog", "Bulk invite")
	d.picture("dropped")
	d.click("button", "~^(Check|Judge|See|Dry)")
	d.reads("ada@example.com")
	d.reads("spaces|address")
	p.holds(t, "ada@example.com", "")
	d.click("button", "Close")
	d.click("button", "Discard")
	s.drags(t, file("people.txt", "no list"), window, func() error {
		text, err := d.script("return document.body.innerText")
		if err == nil && !strings.Contains(text, "Drop one CSV file") {
			err = errors.New("nothing is said")
		}
		return err
	})
	d.picture("dropped-wrong")
	d.at("^/admin/settings/members$") // the page has not navigated to the file
}

// noteLinks installs a browser on the screen that records the links it is given in the
// returned file.
func (s *screen) noteLinks(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "asked")
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\nprintf '%s\\n' \"$1\" >>"+file+"\n"),
		0o700); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "PATH="+dir+":"+os.Getenv("PATH"))
	return file
}

// chooses clicks on the menu at a distance from the left, and on an entry of it.
func (s *screen) chooses(t *testing.T, window string, left, entry int) {
	t.Helper()
	at := func(y int) []string {
		return []string{"mousemove", "--window", window, fmt.Sprint(left), fmt.Sprint(y), "click", "1"}
	}
	for _, y := range []int{12, 12 + 25*entry} {
		if _, err := s.xdotool(at(y)...); err != nil {
			t.Fatal(err)
		}
	}
}

// dragSource makes the window that files are dragged from.
func dragSource(t *testing.T) string {
	t.Helper()
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "gtk+-3.0").Output()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "dragged")
	if out, err := exec.Command("gcc",
		append([]string{"-O2", "-o", program, "testdata/dragged.c"}, strings.Fields(string(flags))...)...).
		CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return program
}

// A drag is a file that is dragged by mouse, with the output of its source.
type drag struct {
	*screen
	said product.Transcript
	from string // the window it is dragged out of
}

// drags drags a file onto the middle of a window with the mouse.
func (s *screen) drags(t *testing.T, file, window string, there func() error) {
	t.Helper()
	g := &drag{screen: s}
	cmd := exec.Command(dragSource(t), "file://"+file)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, s.env...)
	cmd.Stdout, cmd.Stderr = &g.said, &s.log
	s.starts(cmd)
	g.from = s.window("^Files$")
	steps := []func() error{
		func() error { _, err := s.xdotool("windowmove", g.from, "1090", "780"); return err },
		func() error { return g.moves("begun", g.from, 60, 40, "mousedown", "1") },
		func() error { return g.moves("accepted", window, 600, 400) },
		func() error { _, err := s.xdotool("mouseup", "1"); return err },
		func() error { return product.Eventually("the drag ends", func() error { return g.has("ended") }) },
		func() error { return product.Eventually(file+" is dropped", there) },
		cmd.Process.Kill,
	}
	if err := firstOf(steps...); err != nil {
		t.Fatalf("%v; the source said:\n%s", err, &g.said)
	}
}

func (g *drag) has(word string) error {
	if !strings.Contains(g.said.String(), word+"\n") {
		return fmt.Errorf("it has not %s", word)
	}
	return nil
}

// moves moves the mouse around a place in a window until the source reports a state.
// first are further arguments of the first move, such as a button press.
func (g *drag) moves(until, window string, x, y int, first ...string) error {
	n := 0
	return product.Eventually("the file is "+until, func() error {
		if err := g.has(until); err == nil {
			return nil
		}
		_, err := g.xdotool(append([]string{"mousemove", "--window", window, fmt.Sprint(x - 2*(n%20)),
			fmt.Sprint(y - n%20)}, first...)...)
		n, first = n+1, nil
		return firstOf(func() error { return err }, func() error { return g.has(until) })
	})
}

// Another program has locked the data directory and does not answer. The window says
// so, and opens the directory as soon as it is free.
func TestWindowWhereTheDataIsInUse(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--workspace", "Night Watch")
	if err := os.Remove(filepath.Join(p.Dir, "doorward.sock")); err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Doorward cannot be opened")
	d.reads("Another Doorward is using the data directory")
	d.picture("in-use")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	d.click("button", "Try again")
	d.find("heading", "Dashboard")
}

// Accessibility of the window's own pages and of the console in it, light and dark.
func TestWindowHasNoBarriers(t *testing.T) {
	program := desktop(t)
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, theme := range []string{"Adwaita", "Adwaita:dark"} {
		p, s := newProduct(t), newScreen(t)
		s.env = append(s.env, "GTK_THEME="+theme)
		p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
		d := drive(t, s, program, p.Env)
		d.find("heading", "Welcome to Doorward")
		dark, err := d.script("return String(matchMedia('(prefers-color-scheme: dark)').matches)")
		if err != nil || dark != fmt.Sprint(theme == "Adwaita:dark") {
			t.Errorf("under %s the page is dark: %s, %v", theme, dark, err)
		}
		d.examine("welcome "+theme, string(axe))
		d.click("button", "Connect to it")
		d.find("heading", "Workspaces")
		d.fill("Address", "http://door.example.com")
		d.click("button", "Sign in")
		d.reads("Use https")
		d.examine("workspaces "+theme, string(axe))
		d.click("button", "~^This computer")
		d.fill("Your email", "grace@example.org")
		d.click("button", "Create workspace")
		d.reads("Enter your name.")
		d.fill("Your name", "Grace Hopper")
		d.click("button", "Create workspace")
		d.find("heading", "Dashboard")
		d.examine("dashboard "+theme, string(axe))
		s.ends(t, s.pid(s.window("Doorward")))
		d.close()
	}
}

// examine checks the accessibility, and saves a screenshot.
func (d *driven) examine(name, axe string) {
	d.t.Helper()
	d.picture(name)
	if _, err := d.script(axe + "; return ''"); err != nil {
		d.fail(err)
	}
	var found string
	body := "const done = arguments[arguments.length - 1]; axe.run().then(r => " +
		"done(JSON.stringify(r.violations.flatMap(v => v.nodes.map(n => v.id + ' at ' + n.target.join(' '))))), e " +
		"=> done(String(e)))"
	if err := webdriver("POST", d.session+"/execute/async", map[string]any{
		"script": body,
		"args":   []any{},
	}, &found); err != nil {
		d.fail(err)
	}
	var barriers []string
	if err := json.Unmarshal([]byte(found), &barriers); err != nil || len(barriers) > 0 {
		d.t.Errorf("%s: %s, %v", name, found, err)
	}
}
