package e2e

import (
	"slices"
	"testing"
)

// Somebody who uses no mouse opens the menu, makes the page larger, edits a field, and looks for
// the shortcuts and the version.
func TestWindowMenu(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")
	const file, edit, view, help = 0, 1, 2, 3
	zoom := func(want string) {
		t.Helper()
		d.until("the zoom is "+want, "return document.documentElement.style.zoom", "^"+want+"$")
	}

	s.menu(window, view, 6) // Zoom In
	zoom("1.1")
	s.press(window, "ctrl+minus")
	zoom("1")
	s.press(window, "ctrl+minus")
	zoom("0.9")
	s.menu(window, view, 8) // Actual Size
	zoom("1")

	s.menu(window, help, 0)
	d.find("dialog", "~[Ss]hortcuts")
	d.picture("menu-shortcuts")
	d.keys("\uE00C") // Escape
	s.menu(window, help, 2)
	d.find("dialog", "About Doorward")
	d.picture("menu-about")
	d.keys("\uE00C")
	s.menu(window, help, 1)
	d.at("^/admin/settings/general")

	s.menu(window, file, 0)
	d.find("dialog", "Invite New User")
	d.fill("Email", "ada@example.com")
	value := func(want string) {
		t.Helper()
		d.until("the field has "+want, "return document.activeElement.value ?? 'no field'", "^"+want+"$")
	}
	s.menu(window, edit, 5) // Select All
	s.menu(window, edit, 2) // Cut
	value("")
	s.menu(window, edit, 4) // Paste
	value("ada@example.com")
	d.keys("\uE00C")
}

// menu chooses the entry of a menu by keyboard. The first Down is for the first one;
// separators are not counted.
func (s *screen) menu(window string, menu, entry int) {
	s.t.Helper()
	keys := append([]string{"F10"}, slices.Repeat([]string{"Right"}, menu)...)
	s.press(window, append(append(keys, slices.Repeat([]string{"Down"}, entry+1)...), "Return")...)
}
