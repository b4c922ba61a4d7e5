package text

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether a host, as it stands in a URL without brackets and
// port, means this machine: localhost, 127.0.0.0/8 or ::1. It asks no name server,
// so where a connection must not leave the machine, the address that it reached has
// to be looked at as well.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
