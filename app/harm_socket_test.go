package app

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/config"
	"doorward/backend/access"
)

// Something else is in the place of the operator's socket: nothing, an empty
// file, garbage, the dead socket of an older server or of another Doorward, a
// link to somebody's file, a directory. A start makes the socket again, logs
// where it replaced something that was no socket, and touches nothing that a link
// leads to; a directory with content is refused with a sentence. If the socket is
// removed while the server runs, another process that opens the data is refused
// with a sentence, too: the data are in use.
func TestHarmOfSocketIsRefusedOrHarmless(t *testing.T) {
	precious := filepath.Join(t.TempDir(), "precious")
	write := func(text string) func(string) error {
		return func(name string) error { return os.WriteFile(name, []byte(text), 0o600) }
	}
	tests := map[string]struct {
		do     func(name string) error
		says   bool // it is logged
		refuse string
	}{
		"deleted":            {func(string) error { return nil }, false, ""},
		"emptied":            {write(""), true, ""},
		"garbage":            {write(strings.Repeat("\x00garbage", 1000)), true, ""},
		"a dead socket":      {deadSocket, false, ""},
		"a link to a file":   {func(name string) error { return os.Symlink(precious, name) }, true, ""},
		"a link to nothing":  {func(name string) error { return os.Symlink(precious+"x", name) }, true, ""},
		"an empty directory": {func(name string) error { return os.Mkdir(name, 0o700) }, true, ""},
		"a directory with something in": {func(name string) error {
			return os.MkdirAll(filepath.Join(name, "x"), 0o700)
		}, true, "is in the way"},
		"a file that nobody may look at": {func(name string) error { return os.WriteFile(name, nil, 0) }, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(precious, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			log := &logBuffer{}
			c := testConfig(t, map[string]string{"listen": "127.0.0.1:0"})
			c.Log = log
			a, err := Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			socket := filepath.Join(c.Data, SocketName)
			if err := tt.do(socket); err != nil {
				t.Fatal(err)
			}
			refused := serveOnce(t, a, func() { inUse(t, c, socket) })
			if e := access.Explain(refused); (refused != nil) != (tt.refuse != "") || refused != nil &&
				(e.Kind == access.Internal || !strings.Contains(e.Message, tt.refuse)) {
				t.Errorf("Serve = %v, want %q", refused, tt.refuse)
			}
			if said := strings.Contains(log.String(), "a file that is not a socket was in its place"); said != tt.says {
				t.Errorf("the log says so %v, want %v: %s", said, tt.says, log)
			}
			if text, err := os.ReadFile(precious); err != nil || string(text) != "mine" {
				t.Errorf("what the link led to is %q, %v", text, err)
			}
		})
	}
}

// inUse calls a running server over its socket, then removes the socket: a
// process that opens the data beside the server is refused with a sentence.
func inUse(t *testing.T, c config.Config, socket string) {
	t.Helper()
	client, running := Dial(c.Data)
	if !running {
		t.Fatal("nobody answers on the socket")
	}
	resp, err := client.Get("http://doorward/readyz")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("over the socket: %v, %v", resp, err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	if info, err := os.Lstat(socket); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	for _, name := range []string{"deleted", "garbage"} {
		err := os.Remove(socket)
		if name == "garbage" { // it is deleted already
			err = os.WriteFile(socket, []byte(name), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, running := Dial(c.Data); running {
			t.Errorf("%s: somebody answers", name)
		}
		second, err := Open(context.Background(), c)
		if e := access.Explain(err); err == nil || e.Kind == access.Internal || !strings.Contains(e.Message, c.Data) {
			t.Errorf("%s: a second one beside it: %v, %v", name, second, err)
		}
	}
}

// serveOnce starts a server, calls look once it answers, and stops; or returns
// why it did not start.
func serveOnce(t *testing.T, a *App, look func()) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(ServeInfo) { close(ready) }) }()
	var refused error
	select {
	case refused = <-ended:
	case <-ready:
		look()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
	}
	if err := a.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	return refused
}

// deadSocket makes the socket that a killed server leaves.
func deadSocket(name string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}
