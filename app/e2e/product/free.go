package product

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// FreeHost is an address of this machine that nobody listens on. Its port is below
// those that systems use for outgoing connections: on a busy machine one of these could
// take it before the program has started.
func FreeHost(t *testing.T) string {
	t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatalf("no port is free: %v", err)
	return ""
}
