// Package text has the text functions that several packages share: a list, a number with
// its noun, a text on one line, the edit distance of two spellings, and whether a host name
// means this machine. It imports the standard library and golang.org/x/text/unicode/norm,
// and knows nothing specific to Doorward.
//
// Functions that look alike but behave differently stay in their own packages. The command
// line rounds time spans, portal pages truncate them, and retry times round up; emails keep
// a number and its unit on one line; access.Shorten removes invisible characters, which an
// email's subject may keep.
package text
