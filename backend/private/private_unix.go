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

// careful does not follow a link at the end of a path, and does not block on a pipe whose
// other end is not open.
const careful = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// nobody is the owner, in a user namespace, of files whose owner is not mapped there, among
// them root's directories.
const nobody = 65534

func isRoot() bool { return os.Geteuid() == 0 }

// Exposed reports whether users other than the owner have any permission on it.
func Exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// Owner reports whether a file belongs to another user than this process's, and to whom:
// the user's name, or # and their number.
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

// above returns the first parent of dir that belongs to another user, who could therefore
// replace dir. Only root checks this: any other user who chose that place would only harm
// themselves.
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
