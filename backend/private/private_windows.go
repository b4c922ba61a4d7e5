package private

import "io/fs"

// On Windows, permissions are in access lists that the directory inherits from the user's
// profile; there is no mode to tighten or check, and only administrators can make links.
const careful = 0

func isRoot() bool { return false }

// Exposed reports whether users other than the owner have any permission on it.
func Exposed(fs.FileInfo) bool { return false }

// Owner reports whether a file belongs to another user than this process's, and to whom.
func Owner(fs.FileInfo) (name string, other bool) { return "", false }

func above(string) (above, owner string, other bool) { return "", "", false }
