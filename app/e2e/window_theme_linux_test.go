package e2e

import (
	"regexp"
	"testing"
)

// The window follows the theme that is chosen in its console: at once, and
// when it is opened again. The choice once moved its mark and nothing else.
func TestWindowFollowsTheTheme(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	const ground = "return getComputedStyle(document.documentElement).backgroundColor"
	light, dark := regexp.QuoteMeta("rgb(250, 248, 244)"), regexp.QuoteMeta("rgb(20, 19, 17)")

	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	d.until("the window is light, as its desktop", ground, light)
	d.theme("Dark")
	d.until("the window is dark", ground, dark)
	d.picture("dark")
	d.theme("Light")
	d.until("the window is light again", ground, light)
	d.theme("Dark")
	d.until("the window is dark again", ground, dark)
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()

	d = drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	d.until("the next window is dark", ground, dark)
	d.theme("System")
	d.until("the window follows its desktop again", ground, light)
}

// theme chooses a theme from the account's menu.
func (d *driven) theme(name string) {
	d.t.Helper()
	d.click("button", "~Account")
	d.click("menuitem", "~^"+name)
}
