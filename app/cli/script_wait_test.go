package cli_test

import (
	"bufio"
	"os"
	"os/exec"
	"reflect"
	"regexp"
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
