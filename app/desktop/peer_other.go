//go:build !linux

package desktop

import "net"

// sameUser reports whether the other end of a connection within this computer is
// a program of the same user. This system does not tell: everybody is.
func sameUser(net.Conn) bool { return true }
