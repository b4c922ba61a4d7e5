package desktop

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// sameUser reports whether the other end of a local connection is a program of
// the same user. Where the system does not tell, it is assumed to be.
func sameUser(c net.Conn) bool {
	theirs, err := netip.ParseAddrPort(c.RemoteAddr().String())
	here, bad := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil || bad != nil {
		return false
	}
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(name)
		if err != nil {
			if name == "/proc/net/tcp" {
				return true // the system does not tell
			}
			continue
		}
		uid, found := userOf(f, theirs, here)
		f.Close()
		if found {
			return uid == os.Geteuid()
		}
	}
	return false
}

// userOf finds the owner of the socket that is bound to local and connected to
// peer, in a table of sockets as the kernel writes it.
func userOf(table io.Reader, local, peer netip.AddrPort) (uid int, found bool) {
	ends := [][2]string{{hex4(local), hex4(peer)}, {hex6(local), hex6(peer)}}
	for lines := bufio.NewScanner(table); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[3] != "01" { // established: the owner of a closed one is unknown
			continue
		}
		if end := [2]string{f[1], f[2]}; end != ends[0] && end != ends[1] {
			continue
		}
		uid, err := strconv.Atoi(f[7])
		return uid, err == nil
	}
	return 0, false
}

// hex4 is an address as the kernel writes it on a little-endian machine.
func hex4(a netip.AddrPort) string {
	b := a.Addr().Unmap().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", b[3], b[2], b[1], b[0], a.Port())
}

// hex6 is the same for an IPv6 socket that speaks IPv4.
func hex6(a netip.AddrPort) string { return "0000000000000000FFFF0000" + hex4(a) }
