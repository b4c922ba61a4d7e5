//go:build !(desktop || bindings)

package main

import "os"

// main does nothing in builds without the toolkit: go build ./... needs no GTK.
func main() {
	os.Stderr.WriteString("This build has no window. Build it with: -tags desktop,production,webkit2_41\n")
	os.Exit(1)
}
