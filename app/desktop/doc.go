// Package desktop is the native window, and what it needs that no toolkit has to
// give: the console's own files, a way for its requests to the Doorward that is
// open, the workspaces that it knows and the sign-in to those elsewhere, who started
// to wait, and whether the page still lives. It is the only user of the keyring.
//
// The toolkit (Wails) is window.go's alone, and is in builds with the tag desktop
// (or dev, or bindings: what `wails dev` and `wails build` use). Without one of them
// [Run] refuses, and no library of the desktop is needed to build. The rest knows
// neither the toolkit nor how this computer's Doorward is opened: both are handed
// in, so that it is tested without a display.
//
// The window runs pages of this program alone. From the Doorward that is open
// it takes the answers of the API and nothing that could run, so that no server
// can speak through the window to this machine.
//
// One elsewhere is reached as a member: the system's browser comes back to a
// loopback address with a code that only the holder of a secret can redeem (RFC
// 8252, RFC 7636 with S256), and what it is redeemed for rests in the keyring or
// in memory, never in a file. It goes to the one address it is for, by https save
// on this computer, and no answer leads it elsewhere.
package desktop
