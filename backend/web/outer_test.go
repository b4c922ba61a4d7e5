package web

import "testing"

// A proxy on the way reads one Host line and we the other: such a request is refused. What only
// looks like one is none.
func TestTwoHosts(t *testing.T) {
	for head, want := range map[string]bool{
		"":                                     false,
		"Accept: a\r\n":                        false,
		"Host: a\r\n":                          false,
		"Host: a\r\nHost: a\r\n":               true,
		"Host: a\r\nAccept: x\r\nhOST:b\r\n":   true,
		"HOST: a\r\nhost:\r\n":                 true,
		"Host: a\r\nHost: b\r\nHost: c\r\n":    true,
		"Host: a\r\nHosts: b\r\nX-Host: c\r\n": false,
		"Host: a\r\nX: Host: b\r\nHos: t\r\n":  false,
	} {
		if got := twoHosts([]byte(head)); got != want {
			t.Errorf("%q names two hosts: %v", head, got)
		}
	}
}
