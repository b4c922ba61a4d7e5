//go:build !linux

package desktop

// ComesBack reports whether a second start for the same data directory reaches this
// program: the toolkit arranges that.
func ComesBack(string) bool { return true }

// Raise leaves it to the toolkit to find the program that runs already.
func Raise(string) bool { return false }

// HasTray reports that no icon is shown: there is one on Linux only.
func HasTray() bool { return false }
