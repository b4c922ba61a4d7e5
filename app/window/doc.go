// Package window is what the native window needs and no toolkit has to give:
// the console's own files, a way for its requests to the Doorward that is open,
// who started to wait, and whether the page still lives. It knows neither the
// toolkit nor how a Doorward is opened: both are handed in.
//
// The window runs pages of this program alone. From the Doorward that is open
// it takes the answers of the API and nothing that could run, so that no server
// can speak through the window to this machine.
package window
