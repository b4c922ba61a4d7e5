package private

import "io/fs"

// Windows keeps rights in access lists, which the directory inherits from the
// user's profile; there is no mode to narrow or to check, and links are for
// administrators to make.
const careful = 0

func isRoot() bool { return false }

// Exposed reports whether others than its owner may do anything with it.
func Exposed(fs.FileInfo) bool { return false }

// Owner reports whether something belongs to another user than the one this
// program runs as, and to whom.
func Owner(fs.FileInfo) (name string, other bool) { return "", false }

func above(string) (above, owner string, other bool) { return "", "", false }
