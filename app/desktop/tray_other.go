//go:build (desktop || dev || bindings) && (!linux || bindings)

package desktop

// A Tray is the icon in the system tray: there is one on Linux only.
type Tray struct{ Open, Requests, Quit func() }

// TrayLabels are the words of the tray's menu.
type TrayLabels struct{ Title, Open, Requests, Quit string }

// Show reports that the icon is not there.
func (t *Tray) Show() bool { return false }

// Label has nothing to say it in.
func (t *Tray) Label(TrayLabels) {}
