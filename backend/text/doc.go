// Package text is what several rooms say alike: a list, a number with its word, a
// text on one line; how far two spellings are apart, and whether a host's name means
// this machine. It depends on the standard library only and knows no word of
// Doorward's.
//
// What reads alike and is not belongs to its room. The command line rounds spans of
// time, portal pages cut them, and what says when to try again rounds up; emails
// keep a number and its unit on one line; access.Shorten leaves out what cannot be
// seen, which an email's subject may keep.
package text
