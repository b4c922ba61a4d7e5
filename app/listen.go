package app

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"doorward/backend/access"
)

// bindEarly binds the port where the system chooses it, since links have to
// contain it.
func (a *App) bindEarly() (err error) {
	_, port, err := net.SplitHostPort(a.c.Listen)
	if err != nil || port != "0" {
		return nil
	}
	if a.listener, err = net.Listen("tcp", a.c.Listen); err != nil {
		return a.cannotListen(err)
	}
	asked := a.c.Listen
	a.c.Listen = a.listener.Addr().String()
	if u, err := url.Parse(a.c.URL); err == nil && u.Host == asked {
		u.Host = a.c.Listen
		a.c.URL = u.String()
	}
	return nil
}

func (a *App) cannotListen(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return access.Errorf(access.Unavailable,
			"Another program listens on %s already. Stop it, or choose another address with --listen.", a.c.Listen).
			On("listen").WithCode("port_in_use").Because(err)
	case errors.Is(err, syscall.EACCES):
		return access.Errorf(access.Unavailable,
			"This user may not listen on %s. Choose a port above 1023 with --listen.", a.c.Listen).
			On("listen").WithCode("port_forbidden").Because(err)
	}
	return access.Errorf(access.Unavailable,
		"Listening on %s is not possible: %v. Choose another address with --listen.", a.c.Listen, errors.Unwrap(err)).
		On("listen").WithCode("cannot_listen").Because(err)
}

// bindSocket binds the operator's socket. A socket that a dead server left is
// replaced: the store is open here, so no other server uses it. Anything else
// that was put there is also replaced, and logged; but a directory with content
// is not deleted.
func (a *App) bindSocket() (net.Listener, error) {
	name := filepath.Join(a.c.Data, SocketName)
	if info, err := os.Lstat(name); err == nil && info.Mode().Type() != fs.ModeSocket {
		a.log.Warn("a file that is not a socket was in its place and was replaced", "file", name, "mode",
			info.Mode().String(), "bytes", info.Size())
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, access.Errorf(access.Unavailable,
			"%s is in the way of the server operator's socket and cannot be removed: %v. Move it away.", name,
			errors.Unwrap(err)).WithCode("cannot_listen").Because(err)
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		return nil, access.Errorf(access.Unavailable,
			"The socket %s cannot be created: %v. Its path may be too long (at most 107 bytes): choose a data "+
				"directory with a shorter path.", name, errors.Unwrap(err)).WithCode("cannot_listen").Because(err)
	}
	return l, errors.Join(os.Chmod(name, 0o600))
}
