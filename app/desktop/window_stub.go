//go:build !(desktop || bindings || dev)

package desktop

import (
	"context"

	"doorward/app/config"
	"doorward/backend/access"
)

// HasWindow reports whether this build can open a window.
const HasWindow = false

// Run returns an error: this build has no window. The error says what to use
// instead.
func Run(context.Context, config.Config) error {
	return access.Errorf(access.Unavailable,
		"This build of Doorward has no window. Run `doorward serve` and open the console in a browser, or install "+
			"doorward-desktop.").WithCode("no_window")
}
