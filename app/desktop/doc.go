// Package desktop is the native window, and everything it needs that is
// independent of the toolkit: the console's own files, a proxy from its requests
// to the open Doorward, the workspaces that it knows and the sign-in to remote
// ones, notifications of waiting people, and whether the page is still alive. It
// is the only user of the keyring.
//
// Only window.go uses the toolkit (Wails), in builds with the tag desktop (or
// dev, or bindings, which `wails dev` and `wails build` use). Without one of them
// [Run] returns an error, and the build needs no desktop library. The rest knows
// neither the toolkit nor how this computer's Doorward is opened: both are passed
// in, so that it is tested without a display.
//
// The window runs only pages of this program. From the open Doorward it takes the
// answers of the API and nothing that could run, so that no server can reach this
// machine through the window.
//
// A remote Doorward is used as a member: the system's browser returns to a
// loopback address with a code that only the holder of a secret can redeem (RFC
// 8252, RFC 7636 with S256), and the session's secret is stored in the keyring or
// in memory, never in a file. It is sent only to the one address it is for, by
// https unless that is on this computer, and no redirect is followed.
package desktop
