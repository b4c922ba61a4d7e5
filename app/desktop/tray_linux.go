//go:build (desktop || dev) && !bindings

package desktop

import (
	_ "embed"
	"sync"

	"fyne.io/systray"
)

// A Tray is the icon in the system tray, with its menu. The library speaks to the desktop
// by D-Bus alone (StatusNotifierItem), so it needs no toolkit and no loop of its own. It
// knows one icon for each program, which stays until the program ends.
type Tray struct {
	Open, Requests, Quit func()

	mu      sync.Mutex
	started bool
	labels  TrayLabels
	entries [3]*systray.MenuItem
}

// TrayLabels are the words of the tray's menu.
type TrayLabels struct{ Title, Open, Requests, Quit string }

// Show shows the icon where there is a tray, and reports whether it is there.
func (t *Tray) Show() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !HasTray() {
		return false
	}
	if t.started {
		return true
	}
	t.started = true
	start, _ := systray.RunWithExternalLoop(nil, nil)
	systray.SetIcon(icon)
	systray.SetTitle(t.labels.Title)
	systray.SetTooltip(t.labels.Title)
	systray.SetOnTapped(t.Open)
	for i, do := range []func(){t.Open, t.Requests, t.Quit} {
		entry := systray.AddMenuItem(t.text(i), "")
		t.entries[i] = entry
		go func() {
			for range entry.ClickedCh {
				do()
			}
		}()
		if i < 2 {
			systray.AddSeparator()
		}
	}
	start()
	return true
}

// Label says what the menu has.
func (t *Tray) Label(l TrayLabels) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.labels == l {
		return
	}
	t.labels = l
	if !t.started {
		return
	}
	systray.SetTitle(l.Title)
	systray.SetTooltip(l.Title)
	for i, entry := range t.entries {
		entry.SetTitle(t.text(i))
	}
}

func (t *Tray) text(entry int) string {
	return [3]string{t.labels.Open, t.labels.Requests, t.labels.Quit}[entry]
}
