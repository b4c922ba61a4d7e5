//go:build !linux

package desktop

import "net"

// sameUser reports whether the other end of a local connection is a program of
// the same user. This system does not tell, so it is assumed to be.
func sameUser(net.Conn) bool { return true }
