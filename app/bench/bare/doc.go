// Command bare is a minimal Wails application: a window with one page of a few
// words. Doorward's window is compared with it, so it has the same size and the
// same drawing; whatever it needs, every Wails application needs.
package main
