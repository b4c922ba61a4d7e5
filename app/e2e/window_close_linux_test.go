package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// An Admin closes the window while somebody waits: their page loses its server, and every
// link in an email is dead. So it asks; in the background the server runs on, and the
// tray, a second start and the notice lead back.
func TestClosingTheWindowIsAChoice(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	n, y := newNotices(t, s), newTray(t, s)
	p.Listen = need.Address(t)
	p.URL = "http://" + p.Listen
	p.Env = append(p.Env, "DOORWARD_LISTEN="+p.Listen)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")

	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("^Doorward$")
	y.has("Doorward")
	y.chooses("^No login requests$")
	d.at("^/admin/requests")
	p.must(t, "invite", "ada@example.com", "--role", "Fleet")
	p.comes(t, "ada@example.com")
	s.window(`^\(1\) Doorward`)
	y.has("(1) Doorward")

	s.press(window, "ctrl+q")
	d.find("dialog", "Keep Doorward running?")
	d.reads("1 person is waiting for approval")
	d.reads("icon in the system tray")
	d.picture("closing")
	s.press(window, "alt+F4") // asks once, not twice
	s.press(window, "Escape")
	d.without("dialog", "Keep Doorward running?")
	if err := p.Ready(); err != nil {
		t.Fatalf("the question ended the server: %v", err)
	}

	s.press(window, "ctrl+w")
	d.find("dialog", "Keep Doorward running?")
	if _, err := d.script("document.querySelector('.doorward-closing input').click(); return ''"); err != nil {
		t.Fatal(err)
	}
	d.click("button", "Keep running in the background")
	s.hidden(t)
	told := n.await(t)
	for !strings.Contains(told.title, "running in the background") { // one told of Ada
		told = n.await(t)
	}
	if !strings.Contains(told.body, "system tray") {
		t.Errorf("the notice says %q, %q", told.title, told.body)
	}
	if err := p.Ready(); err != nil {
		t.Errorf("in the background: %v", err)
	}
	y.chooses("^Open Doorward$")
	s.window("Doorward")

	d.setsClosing(s, "closing-settings")
	s.press(s.window("Doorward"), "alt+F4") // the choice was remembered
	s.hidden(t)
	s.secondStart(t, program, p.Env)
	s.press(s.window("Doorward"), "ctrl+1")
	d.at("^/admin/$")
	s.press(s.window("Doorward"), "ctrl+w")
	s.hidden(t)
	y.chooses("^1 login request$")
	s.window("Doorward")
	d.at("^/admin/requests")

	// Quit asks all the same, and quits.
	pid := s.pid(s.window("Doorward"))
	s.press(s.window("Doorward"), "ctrl+q")
	d.find("dialog", "Keep Doorward running?")
	d.click("button", "Quit")
	s.gone(t, pid)
	if err := p.answers("/readyz"); err == nil {
		t.Error("after Quit the server still answers")
	}
	d.close()
}

// A desktop session ends while the window is in the background, and while it asks: neither
// holds that up. A quit from the tray does not ask.
func TestEndingIsNeverHeldUp(t *testing.T) {
	program := desktop(t)
	for _, while := range []string{"it asks", "it is hidden", "from the tray"} {
		p, s := newProduct(t), newScreen(t)
		y := newTray(t, s)
		p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
		p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
		d := drive(t, s, program, p.Env)
		d.find("heading", "Dashboard")
		pid := s.pid(s.window("Doorward"))
		y.has("Doorward")
		s.press(s.window("Doorward"), "ctrl+w")
		d.find("dialog", "Keep Doorward running?")
		if while != "it asks" {
			d.click("button", "Keep running in the background")
			s.hidden(t)
		}
		if while == "it is hidden" { // its terminal is closed
			if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			if err := p.answers("/readyz"); err != nil {
				t.Errorf("after its terminal was closed: %v", err)
			}
		}
		if while == "from the tray" {
			y.chooses("^Quit Doorward$")
			s.gone(t, pid)
		} else {
			s.ends(t, pid)
		}
		d.close()
		p.must(t, "verify")
	}
}

// There is no session bus, so a second start could not show a hidden window, and nothing
// else would lead back to it: the background is not offered.
func TestNoBackgroundWithoutAWayBack(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus")
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")
	pid := s.pid(window)
	s.press(window, "alt+F4")
	d.find("dialog", "Quit Doorward?")
	d.reads("runs only while this window is open")
	d.without("button", "Keep running in the background")
	d.picture("closing-no-bus")
	d.click("button", "Quit")
	s.gone(t, pid)
	d.close()
}

// A window on a server that runs by itself is closed without a word: nothing ends with it.
func TestClosingAClientDoesNotAsk(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")
	pid := s.pid(window)
	s.press(window, "alt+F4")
	s.gone(t, pid)
	if err := p.Ready(); err != nil {
		t.Errorf("the server went with the window: %v", err)
	}
}

// The window is closed twice in a row, while the console has a dialog open: one question
// stands above it, can be used by mouse, and leaves what was typed. It stands instead of the
// dialog in which closing is set, which would take the second attempt without a word.
func TestClosingWhileADialogIsOpen(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")
	asked := func() {
		t.Helper()
		d.find("dialog", "Keep Doorward running?")
		d.until("one question is asked", "return [...document.querySelectorAll('.doorward-closing')]"+
			".map(e => e.dataset.kind).join()", "^question$")
	}
	s.press(window, "ctrl+i")
	d.find("dialog", "Invite New User")
	d.fill("Email", "zoe@example.com")
	s.press(window, "ctrl+w", "ctrl+w")
	asked()
	d.click("button", "Cancel")
	d.without("dialog", "Keep Doorward running?")
	d.until("what was typed stays", "return document.querySelector('[role=dialog] input[type=email]')?.value ?? 'gone'",
		"^zoe@example.com$")

	s.chooses(t, window, 20, 5)
	d.find("dialog", "When you close the window")
	s.press(window, "alt+F4")
	asked()
	d.click("button", "Quit")
	s.gone(t, s.pid(window))
	d.close()
}

// The session bus ends while the window is hidden. A second start cannot reach it any more,
// and its icon is gone: it comes back by itself, and the server runs on.
func TestHiddenWindowComesBackWhenTheBusEnds(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	s.press(s.window("Doorward"), "ctrl+w")
	d.find("dialog", "Keep Doorward running?")
	d.click("button", "Keep running in the background")
	s.hidden(t)
	s.endsBus(t)
	window := s.window("Doorward")
	if err := p.answers("/readyz"); err != nil {
		t.Errorf("after the bus has ended: %v", err)
	}
	// WebKit's driver ends with the bus: no page can be pressed from here on.
	s.ends(t, s.pid(window))
	p.must(t, "verify")
}

// Doorward is started again while its window is closing and the server in it ends: the new
// program is told that one runs already, and that one is about to be gone. It starts again.
func TestSecondStartWhileClosing(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	s.opens(program, p.Env)
	window := s.window("Doorward")
	first := s.pid(window)
	if err := product.Eventually(
		"the page has opened its Doorward",
		func() error { return p.answers("/readyz") },
	); err != nil {
		t.Fatal(err)
	}
	conn, err := dbus.Connect(s.bus)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	name := firstOn(t, conn)
	running := conn.Object(name, dbus.ObjectPath("/"+strings.ReplaceAll(name, ".", "/")))
	ended := make(chan int)
	go func() { // as a second start does, until there is nobody to tell
		told := 0
		for running.Call(name+".SendMessage", dbus.FlagNoAutoStart, "{}").Err == nil {
			told++
		}
		ended <- told
	}()
	s.press(window, "ctrl+q")
	if told := <-ended; told == 0 {
		t.Error("nobody was told")
	}
	s.gone(t, first)
	s.ends(t, s.successor("Doorward", first))
	p.must(t, "verify")
}

// firstOn is the name by which a second start finds the first on the bus.
func firstOn(t *testing.T, conn *dbus.Conn) string {
	t.Helper()
	var names []string
	if err := conn.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(names, func(name string) bool { return strings.HasSuffix(name, ".SingleInstance") })
	if i < 0 {
		t.Fatalf("the names on the bus are %q", names)
	}
	return names[i]
}

// endsBus ends the session bus.
func (s *screen) endsBus(t *testing.T) {
	t.Helper()
	conn, err := dbus.Connect(s.bus)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var pid uint32
	err = conn.BusObject().
		Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.DBus").Store(&pid)
	if err == nil {
		err = syscall.Kill(int(pid), syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// setsClosing looks at what closing does, in the menu File, where it can be changed.
func (d *driven) setsClosing(s *screen, picture string) {
	d.t.Helper()
	s.chooses(d.t, s.window("Doorward"), 20, 5)
	d.find("dialog", "When you close the window")
	d.until("the choice is shown", "return document.querySelector('.doorward-closing input:checked').value",
		"^background$")
	d.picture(picture)
	d.click("button", "Save")
	d.without("dialog", "When you close the window")
}

// hidden waits until no window of the program is on the screen.
func (s *screen) hidden(t *testing.T) {
	t.Helper()
	if err := product.Eventually("the window is hidden", func() error {
		all, err := s.windows("Doorward")
		if err != nil && len(all) == 0 && strings.HasSuffix(err.Error(), "exit status 1: ") {
			return nil // what xdotool says where it finds nothing
		}
		return fmt.Errorf("the windows are %q, %v", all, err)
	}); err != nil {
		t.Fatal(err)
	}
}

// without waits until the page has no such element.
func (d *driven) without(role, name string) {
	d.t.Helper()
	if err := product.Eventually(role+" "+name+" is gone", func() error {
		text, err := d.script("return [...document.querySelectorAll(" + fmt.Sprintf("%q", places[role]) +
			")].map(e => e.innerText).join('|')")
		if err == nil && strings.Contains(text, name) {
			err = errors.New("it is there")
		}
		return err
	}); err != nil {
		d.fail(err)
	}
}
