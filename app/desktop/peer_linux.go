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

// sameUser reports whether the other end of a connection within this computer is
// a program of the same user. Where the system does not tell, everybody is.
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
				return true // nothing is told here
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

// userOf is whose socket it is that is bound to local and connected to peer, in
// a table of sockets as the kernel writes it.
func userOf(table io.Reader, local, peer netip.AddrPort) (uid int, found bool) {
	ends := [][2]string{{hex4(local), hex4(peer)}, {hex6(local), hex6(peer)}}
	for lines := bufio.NewScanner(table); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[3] != "01" { // established: of a closed one the user is not known any more
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

// hex4 is an address as the kernel writes it on a machine whose numbers have
// their small end first.
func hex4(a netip.AddrPort) string {
	b := a.Addr().Unmap().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", b[3], b[2], b[1], b[0], a.Port())
}

// hex6 is the same for a socket of IPv6 that speaks IPv4.
func hex6(a netip.AddrPort) string { return "0000000000000000FFFF0000" + hex4(a) }
