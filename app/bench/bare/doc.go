// Command bare is the least that a Wails application can be: a window with one
// page of a few words. Doorward's window is measured beside it, so it has the
// same size and the same drawing; whatever it needs, every Wails application
// does.
package main
