package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// Where the menus are in the window's menu bar, from the left, and their entries, from the
// first.
const (
	menuEdit = 58
	menuView = 95
	menuHelp = 140

	editUndo, editRedo, editCut, editCopy, editPaste, editAll = 1, 2, 3, 4, 5, 6
	viewZoomIn, viewZoomOut, viewActualSize                   = 7, 8, 9
	helpGuides, helpKeys, helpAbout                           = 1, 2, 4
)

// The menu's entries that a browser has of its own, and a window has not: zoom, edits where
// the cursor is, and help without a network. Each is pressed, and does what it says.
func TestWindowMenu(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")

	const zoom = "return getComputedStyle(document.documentElement).zoom"
	zoomed := func(how, want string) {
		t.Helper()
		d.until(how+" zooms to "+want, zoom, "^"+want+"$")
	}
	s.picks(window, menuView, viewZoomIn)
	zoomed("Zoom In", "1[.]1")
	s.press(window, "ctrl+plus")
	zoomed("Ctrl and +", "1[.]2")
	s.picks(window, menuView, viewZoomOut)
	zoomed("Zoom Out", "1[.]1")
	s.press(window, "ctrl+minus", "ctrl+minus")
	zoomed("Ctrl and -", "0[.]9")
	s.press(window, "ctrl+0")
	zoomed("Ctrl and 0", "1")
	s.picks(window, menuView, viewZoomIn)
	s.picks(window, menuView, viewActualSize)
	zoomed("Actual Size", "1")

	s.press(window, "ctrl+i")
	d.find("dialog", "Invite New User")
	d.fill("~^Name", "Ada Lovelace")
	holds := func(entry, want string) {
		t.Helper()
		d.until(entry+" leaves "+want, "return document.activeElement.value", "^"+want+"$")
	}
	edits := func(entry int) { s.picks(window, menuEdit, entry) }
	edits(editAll)
	d.until("all is selected", "const f = document.activeElement; return `${f.selectionStart} to ${f.selectionEnd}`",
		"^0 to 12$")
	edits(editCut)
	holds("Cut", "")
	edits(editPaste)
	holds("Paste", "Ada Lovelace")
	edits(editUndo)
	holds("Undo", "")
	edits(editRedo)
	holds("Redo", "Ada Lovelace")
	edits(editCut)
	edits(editCopy)
	edits(editPaste)
	holds("Cut and Copy of nothing", "Ada LovelaceAda Lovelace")
	d.fill("~^Name", "Grace")
	edits(editAll)
	edits(editCopy)
	holds("Copy", "Grace")
	d.fill("~^Name", "Hopper ")
	edits(editPaste)
	holds("Paste of what was copied", "Hopper Grace")
	d.keys("\uE00C") // Escape
	d.click("button", "Discard")

	s.picks(window, menuHelp, helpGuides)
	d.at("^/admin/help/console")
	d.find("heading", "~^In the browser")
	s.picks(window, menuHelp, helpKeys)
	d.find("dialog", "~^Keyboard")
	d.keys("\uE00C")
	s.picks(window, menuHelp, helpAbout)
	d.find("dialog", "~Doorward")
}

// picks opens a menu at a distance from the left with the mouse, and chooses an entry with the
// keyboard, which passes over the lines between entries.
func (s *screen) picks(window string, left, entry int) {
	s.t.Helper()
	if _, err := s.xdotool("mousemove", "--window", window, fmt.Sprint(left), "12", "click", "1"); err != nil {
		s.t.Fatal(err)
	}
	keys := strings.Fields("key " + strings.Repeat("Down ", entry) + "Return")
	if _, err := s.xdotool(keys...); err != nil {
		s.t.Fatal(err)
	}
}
