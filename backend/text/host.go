package text

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether a host, as written in a URL without brackets and port, means
// this machine: localhost, 127.0.0.0/8 or ::1. It makes no DNS request, so if a connection
// must not leave the machine, the address that it actually reached must be checked as well.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
