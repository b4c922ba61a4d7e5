package text

import (
	"net/netip"
	"regexp"
	"strings"
)

// IsLoopback reports whether a host, as written in a URL without brackets and port, means
// this machine: localhost, 127.0.0.0/8 or ::1. It makes no DNS request, so if a connection
// must not leave the machine, the address that it actually reached must be checked as well.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)

// IsHost reports whether a host, as written without brackets and port, is a name in ASCII or
// an IP address.
func IsHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	return len(host) <= 253 && hostForm.MatchString(host)
}
