package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// File → Workspaces… leaves the console, and its Cancel led to the dashboard, whatever had
// been open. It leads back to that, and a workspace that is chosen opens at its beginning.
func TestWindowGoesBackFromItsWorkspaces(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	window := s.window("Doorward")

	d.click("link", "~^Audit")
	d.at("^/admin/audit")
	s.press(window, "ctrl+o")
	d.find("button", "~^This computer")
	d.picture("workspaces")
	d.click("button", "Cancel")
	d.at("^/admin/audit")
	d.find("heading", "~^Audit")

	s.press(window, "ctrl+o")
	d.click("button", "~^This computer")
	d.at("^/admin/$")
	d.find("heading", "Dashboard")
}

// A window without an icon is a blank in the taskbar.
func TestWindowHasItsIcon(t *testing.T) {
	need.Program(t, "x11-utils", "xprop")
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	drive(t, s, program, p.Env)
	window := s.window("Doorward")
	icon := regexp.MustCompile(`Icon \((\d\d+) x (\d\d+)\)`)
	var shown []string
	if err := product.Eventually("the window has an icon", func() error {
		cmd := exec.Command("xprop", "-id", window, "_NET_WM_ICON")
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.env...)
		out, err := cmd.CombinedOutput()
		if shown = icon.FindStringSubmatch(string(out)); shown == nil && err == nil {
			err = fmt.Errorf("xprop says %.80q", out)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if shown[1] != shown[2] {
		t.Errorf("the window's icon has %s x %s", shown[1], shown[2])
	}
}
