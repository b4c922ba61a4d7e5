package desktop

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"doorward/backend/access"
	"doorward/build/need"
)

const sockets = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1059 1 0
   1: 0100007F:C001 0100007F:C714 01 00000000:00000000 03:00000E81 00000000  1000        0 5 3 0
   2: 0100007F:C714 0100007F:C001 01 00000000:00000000 03:00000E81 00000000  1001        0 6 3 0
   3: 0100007F:C002 0100007F:C714 06 00000000:00000000 03:00000E81 00000000     0        0 0 3 0
   4: 0000000000000000FFFF00000100007F:C003 0000000000000000FFFF00000100007F:C714 01 00000000:00000000 00:00000000 00000000  1002        0 7 3 0
   5: garbled
`

// The table holds both ends of a connection, and closed ones: only the other
// end's owner counts, and only while it is open.
func TestUserOf(t *testing.T) {
	at := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port) }
	window := at(0xC714)
	for port, want := range map[uint16]int{0xC001: 1000, 0xC003: 1002, 0xC002: -1, 0x07E8: -1, 0xC004: -1} {
		uid, found := userOf(strings.NewReader(sockets), at(port), window)
		if found != (want >= 0) || found && uid != want {
			t.Errorf("the user behind port %X is %d, %v; want %d", port, uid, found, want)
		}
	}
}

// Another user of this computer knows where the window listens, and even the
// state: the connection is closed before a byte of it is read.
func TestAnotherUserIsNotHeard(t *testing.T) {
	need.Root(t) // TestUserOf checks how users are distinguished
	bash := need.Program(t, "bash", "bash")
	at, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	words := (&Shell{Frontend: os.DirFS("../../frontend")}).printer
	try, err := newSignIn(context.Background(), &remote{at: at, via: http.DefaultTransport}, words)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { try.end(); <-try.done }()
	host, port, _ := net.SplitHostPort(try.local.Addr().String())
	ask := func(uid uint32) string {
		script := "exec 3<>/dev/tcp/" + host + "/" + port + `; printf 'GET /?code=x&state=` + try.state +
			` HTTP/1.1\r\nHost: ` + host + ":" + port + `\r\n\r\n' >&3; cat <&3`
		cmd := exec.Command(bash, "-c", script)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(out)
		_ = cmd.Wait() // writing to the closed connection fails
		return string(said)
	}
	if said := ask(65534); said != "" {
		t.Errorf("another user is told %q", said)
	}
	try.mu.Lock()
	codes := try.codes
	try.mu.Unlock()
	if codes != 0 {
		t.Error("the code of another user was looked at")
	}
	if said := ask(0); !strings.Contains(said, "That did not work") {
		t.Errorf("one's own user is told %q", said)
	}
	if e := access.Explain(try.err); e.Kind != access.Internal {
		t.Errorf("it is over: %v", try.err)
	}
}
