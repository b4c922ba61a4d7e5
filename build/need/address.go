package need

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports of Address: the system takes those of its own choice from above.
const (
	lowestPort = 10_000
	ports      = 22_000
)

// Address returns an address on loopback where nobody listens, for a server that is started
// again and again at the same one. A port that the system has chosen would be no good for that: while
// the server is down, the system may give it to somebody's outgoing connection.
func Address(t testing.TB) string {
	t.Helper()
	for range 100 {
		at := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(ports))
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
	t.Fatal("there is no free port")
	return ""
}
