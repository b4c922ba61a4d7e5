//go:build !(desktop || bindings || dev)

package cli

import (
	"context"

	"doorward/app/config"
	"doorward/backend/access"
)

// hasWindow reports whether this build can open a window.
const hasWindow = false

// openWindow returns an error: this build has no window. The error says what to use instead.
// The packages of the window are not linked, which keeps the program 385 kB smaller.
func openWindow(context.Context, config.Config) error {
	return access.Errorf(access.Unavailable,
		"This build of Doorward has no window. Run `doorward serve` and open the console in a browser, or install "+
			"doorward-desktop.").WithCode("no_window")
}
