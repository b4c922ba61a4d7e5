//go:build desktop || bindings || dev

package cli

import (
	"context"

	"doorward/app/config"
	"doorward/app/desktop"
)

// hasWindow reports whether this build can open a window.
const hasWindow = true

// openWindow opens the window and returns when it has been closed.
func openWindow(ctx context.Context, c config.Config) error { return desktop.Run(ctx, c) }
