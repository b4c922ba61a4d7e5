package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"

	"github.com/rogpeppe/go-internal/testscript"
)

// A server is a doorward serve that a script has started.
type server struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// start runs a server if the script is run over the socket: start [ARG...]
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	if ts.Value("served").(bool) {
		cmdServe(ts, false, args)
	}
}

// serve starts a server and sets URL, SETUP and SOCKET: serve [ARG...]
func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	s := &server{cmd: doorward(ts, append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, args...)...)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	servers(ts)[s] = true
	ts.Defer(func() { s.end(ts, os.Kill) })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		s.end(ts, os.Kill)
		ts.Fatalf("the server did not start: %s", s.stderr.String())
	}
	var said struct{ URL, Socket, Setup_link string }
	ts.Check(json.Unmarshal(line, &said))
	ts.Setenv("URL", said.URL)
	ts.Setenv("SETUP", said.Setup_link)
	ts.Setenv("SOCKET", said.Socket)
}

// doorward is the command in the script's environment.
func doorward(ts *testscript.TestScript, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "doorward"), args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "FRONTEND", "DOORWARD_DATA", "DOORWARD_SMTP_URL"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

// servers are the script's running servers.
func servers(ts *testscript.TestScript) map[*server]bool {
	return ts.Value("servers").(map[*server]bool)
}

func (s *server) end(ts *testscript.TestScript, sig os.Signal) error {
	if !servers(ts)[s] {
		return nil
	}
	delete(servers(ts), s)
	s.cmd.Process.Signal(sig)
	late := time.AfterFunc(20*time.Second, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	return s.cmd.Wait()
}

// terminate ends every server as a service manager does; each must exit with 0.
func cmdTerminate(ts *testscript.TestScript, _ bool, _ []string) {
	for s := range servers(ts) {
		if err := s.end(ts, syscall.SIGTERM); err != nil {
			ts.Fatalf("the server ended with %v: %s", err, s.stderr.String())
		}
	}
}

// kill9 ends every server as a power cut does.
func cmdKill(ts *testscript.TestScript, _ bool, _ []string) {
	for s := range servers(ts) {
		s.end(ts, os.Kill)
	}
}

// smtp runs a mail server and sets SMTP to its URL: smtp [REFUSAL [data]]
func cmdSMTP(ts *testscript.TestScript, _ bool, args []string) {
	m := mailtest.Start(ts.Value("tb").(testing.TB), mailtest.Options{Mode: mailtest.Plain})
	if len(args) > 0 {
		at := mailtest.Rcpt
		if len(args) > 1 {
			at = mailtest.EndOfData
		}
		m.Script(mailtest.Fault{At: at, Reply: args[0]})
	}
	*ts.Value("mail").(**mailtest.Server) = m
	ts.Setenv("SMTP", m.URL())
}

// emails waits until the mail server has exactly N emails: emails N
func cmdMessages(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got, err := (*ts.Value("mail").(**mailtest.Server)).Wait(ctx, n)
	ts.Check(err)
	if len(got) != n {
		ts.Fatalf("%d emails came, not %d", len(got), n)
	}
}

// port takes a port while the script runs and sets TAKEN to it.
func cmdPort(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("TAKEN", l.Addr().String())
}
