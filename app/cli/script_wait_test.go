package cli_test

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// longest is how long a script waits for anything.
const longest = time.Minute

// A followed is a verb that runs until it is interrupted.
type followed struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

// follow starts such a verb, and waits for its first line: follow ARG...
func cmdFollow(ts *testscript.TestScript, _ bool, args []string) {
	f := followed{cmd: doorward(ts, args...)}
	out, err := f.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(f.cmd.Start())
	ts.Defer(func() { f.cmd.Process.Kill() })
	f.out = bufio.NewScanner(out)
	f.until(ts, ".")
	set(ts, f)
}

// followed waits for a line of it, interrupts it, and expects a successful exit:
// followed PATTERN
func cmdFollowed(ts *testscript.TestScript, _ bool, args []string) {
	f := get[followed](ts)
	f.until(ts, args[0])
	ts.Check(f.cmd.Process.Signal(os.Interrupt))
	if err := f.cmd.Wait(); err != nil {
		ts.Fatalf("it ended with %v", err)
	}
}

func (f followed) until(ts *testscript.TestScript, pattern string) {
	late := time.AfterFunc(longest, func() { f.cmd.Process.Kill() })
	defer late.Stop()
	for f.out.Scan() {
		if regexp.MustCompile(pattern).MatchString(f.out.Text()) {
			return
		}
	}
	ts.Fatalf("no line matches %q", pattern)
}

const unfinishedForm = "email=ada%40example.com"

// unfinished sends a request to the server, all but its last byte.
func cmdUnfinished(ts *testscript.TestScript, _ bool, _ []string) {
	u, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	conn, err := net.Dial("tcp", u.Host)
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	ts.Check(conn.SetDeadline(time.Now().Add(longest)))
	// The 100 says that the server has begun on the request.
	fmt.Fprintf(conn,
		"POST /login HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Type: "+
			"application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		u.Host, u.Host, len(unfinishedForm))
	line, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
	ts.Check(err)
	if !strings.Contains(line, " 100 ") {
		ts.Fatalf("the server does not go on: %s", line)
	}
	fmt.Fprint(conn, unfinishedForm[:len(unfinishedForm)-1])
	set(ts, conn)
}

// finished tells the servers to stop, sends the last byte, and expects a complete
// answer and a successful exit: finished STATUS
func cmdFinished(ts *testscript.TestScript, _ bool, args []string) {
	conn := get[net.Conn](ts)
	for s := range servers(ts) {
		ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	}
	fmt.Fprint(conn, unfinishedForm[len(unfinishedForm)-1:])
	answer := bufio.NewReader(conn)
	for {
		line, err := answer.ReadString('\n')
		if err != nil {
			ts.Fatalf("the request was broken off: %v", err)
		}
		if strings.HasPrefix(line, "HTTP/1.1 "+args[0]) {
			break
		}
	}
	conn.Close()
	for s := range servers(ts) {
		if err := s.end(ts, syscall.Signal(0)); err != nil { // a second signal would end it at once
			ts.Fatalf("the server ended with %v: %s", err, s.stderr.String())
		}
	}
}

// set and get store a value, by its type, for a later command of the script.
func set[T any](ts *testscript.TestScript, v T) {
	ts.Value("kept").(map[reflect.Type]any)[reflect.TypeFor[T]()] = v
}

func get[T any](ts *testscript.TestScript) T {
	v, ok := ts.Value("kept").(map[reflect.Type]any)[reflect.TypeFor[T]()].(T)
	if !ok {
		ts.Fatalf("nothing was started")
	}
	return v
}
