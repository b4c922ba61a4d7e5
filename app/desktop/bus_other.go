//go:build !linux

package desktop

import "context"

// ComesBack reports whether a second start for the same data directory reaches this
// program: the toolkit arranges that.
func ComesBack(string) bool { return true }

// UntilLost returns with the context: the way back does not end before the program.
func UntilLost(ctx context.Context) { <-ctx.Done() }

// Raise leaves it to the toolkit to find the program that runs already.
func Raise(string) bool { return false }

// HasTray reports that no icon is shown: there is one on Linux only.
func HasTray() bool { return false }
