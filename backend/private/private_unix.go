//go:build linux || darwin || freebsd

package private

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// careful follows no link at the end of a path, and does not wait for whoever
// is to open the other end of a pipe.
const careful = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// nobody owns, in a namespace of users, whatever belongs to one that it does not
// know: root's directories among it.
const nobody = 65534

func isRoot() bool { return os.Geteuid() == 0 }

// Exposed reports whether others than its owner may do anything with it.
func Exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// Owner reports whether something belongs to another user than the one this
// program runs as, and to whom: their name, or # and their number.
func Owner(info fs.FileInfo) (name string, other bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return "", false
	}
	id := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username, true
	}
	return "#" + id, true
}

// above is the directory, of those that dir lies in, that belongs to another
// user: they could put another directory in the place of dir. Only root is that
// careful; whoever else chose the place is the one who would be harmed.
func above(dir string) (above, owner string, other bool) {
	if !isRoot() {
		return "", "", false
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", "", false
	}
	paths := []string{dir}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		paths = append(paths, real)
	}
	for _, path := range paths {
		for at := filepath.Dir(path); ; at = filepath.Dir(at) {
			if info, err := os.Lstat(at); err == nil {
				if owner, other := Owner(info); other && info.Sys().(*syscall.Stat_t).Uid != nobody {
					return at, owner, true
				}
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return "", "", false
}
