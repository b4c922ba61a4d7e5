//go:build bindings

package desktop

// opensWindow: `wails build` and `wails dev` first run a build with this tag to
// learn the methods of Window. It opens no window, so it needs no display.
const opensWindow = false
