package cli_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/build/need"
)

// patience limits the wait for what must happen, however busy the machine is.
const patience = 2 * time.Minute

// A host is a machine of a cluster: a data directory, an address, and a process of this test's
// own binary while it runs.
type host struct {
	t             *testing.T
	name, dir, at string
	url           string // the public one, if it is given
	env           []string
	program       string // what it runs; empty: doorward
	web           string // where it serves, as HOST:PORT
	cmd           *exec.Cmd
	said          *buffer
	printed       buffer // on standard output, by all its servers
	ended         chan struct{}
}

// A buffer can be written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newHost(t *testing.T, name string) *host {
	t.Helper()
	h := &host{t: t, name: name, dir: filepath.Join(t.TempDir(), name), at: need.Address(t), web: need.Address(t)}
	t.Cleanup(h.kill)
	return h
}

// command runs a program on this machine.
func (h *host) command(program string, args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := exec.Command(program, args...)
	frontend, err := filepath.Abs("../../frontend")
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "FRONTEND="+frontend, "DOORWARD_DATA="+h.dir, "HOME="+h.t.TempDir(),
		testClock+"="+h.clock())
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

// clock is the file that says how far ahead this machine's clock is.
func (h *host) clock() string { return h.dir + ".clock" }

// setClock sets this machine's clock, from now on, so far ahead of the system's.
func (h *host) setClock(ahead time.Duration) {
	h.t.Helper()
	next := h.clock() + ".next"
	err := os.WriteFile(next, []byte(ahead.String()), 0o600)
	if err == nil {
		err = os.Rename(next, h.clock()) // never half of it
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// try runs a command, and returns what it prints and says.
func (h *host) try(args ...string) (out, said string, err error) {
	h.t.Helper()
	cmd := h.command(cmp.Or(h.program, "doorward"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

func (h *host) run(args ...string) string {
	h.t.Helper()
	out, said, err := h.try(args...)
	if err != nil {
		h.t.Fatalf("on %s, doorward %s: %v: %s", h.name, strings.Join(args, " "), err, said)
	}
	return out
}

// refuses fails the test unless a command is refused with these words.
func (h *host) refuses(words string, args ...string) {
	h.t.Helper()
	out, said, err := h.try(args...)
	if err == nil || !strings.Contains(said, words) {
		h.t.Errorf("on %s, doorward %s: %v, says %q and prints %q; want %q", h.name, strings.Join(args, " "), err, said,
			out, words)
	}
}

// serve starts the server, and returns when it says that it runs.
func (h *host) serve(args ...string) {
	h.t.Helper()
	args = append([]string{"serve", "--json", "--listen", h.web}, args...)
	if h.url != "" {
		args = append(args, "--url", h.url)
	}
	h.cmd = h.command(cmp.Or(h.program, "doorward"), args...)
	h.said = &buffer{}
	h.cmd.Stderr = h.said
	out, err := h.cmd.StdoutPipe()
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.ended = make(chan struct{})
	ready := make(chan bool, 1)
	go func() {
		defer close(h.ended)
		lines := bufio.NewReader(out)
		line, _ := lines.ReadBytes('\n')
		h.printed.Write(line)
		ready <- json.Valid(line)
		io.Copy(&h.printed, lines)
	}()
	select {
	case ok := <-ready:
		if ok {
			return
		}
	case <-time.After(patience):
	}
	h.kill()
	h.t.Fatalf("%s does not run: %s", h.name, h.said)
}

func (h *host) signal(s os.Signal) error {
	if h.cmd == nil {
		return nil
	}
	h.cmd.Process.Signal(s)
	late := time.AfterFunc(patience, func() { h.cmd.Process.Kill() })
	defer late.Stop()
	<-h.ended
	err := h.cmd.Wait()
	h.cmd = nil
	return err
}

// log is what the server that runs, or ran last, has said.
func (h *host) log() string { return h.said.String() }

func (h *host) kill() { h.signal(os.Kill) }

func (h *host) stop() {
	h.t.Helper()
	if err := h.signal(syscall.SIGTERM); err != nil {
		h.t.Fatalf("%s ends with %v: %s", h.name, err, h.said)
	}
}

// token makes a join token, and returns the file that has it.
func (h *host) token() string {
	h.t.Helper()
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(h.run("cluster", "token", "--json")), &made); err != nil {
		h.t.Fatal(err)
	}
	file := filepath.Join(h.t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(made.Token+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return file
}

// join starts a server that joins through contact.
func (h *host) join(contact *host, token string) {
	h.t.Helper()
	h.serve(h.joining(contact, token)...)
}

func (h *host) joining(contact *host, token string) []string {
	return []string{"--join", contact.at, "--token-file", token, "--cluster-listen", h.at, "--machine", h.name}
}

// machines are those of the cluster, as this one sees them.
func (h *host) machines() (all []access.MachineState) {
	h.t.Helper()
	out, said, err := h.try("cluster", "list", "--json")
	if err != nil {
		h.t.Fatalf("on %s: %v: %s", h.name, err, said)
	}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var m access.MachineState
		if err := d.Decode(&m); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// become waits until the machines are these, as h sees them: each with its role, and a star
// where it leads.
func (h *host) become(want ...string) {
	h.t.Helper()
	got := ""
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		var all []string
		for _, m := range h.machines() {
			s := m.Name + " " + m.Role
			if m.Leads {
				s += "*"
			}
			all = append(all, s)
		}
		if got = fmt.Sprint(all); got == fmt.Sprint(want) {
			return
		}
	}
	h.t.Fatalf("on %s the machines are %s, want %v: %s", h.name, got, want, h.said)
}

// leading waits until one of these leads, serves, and is known to all of them.
func leading(t *testing.T, all ...*host) *host {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		names := map[string]int{}
		for _, h := range all {
			for _, m := range h.machines() {
				if m.Leads {
					names[m.Name]++
				}
			}
		}
		for _, h := range all {
			if names[h.name] == len(all) {
				if _, _, err := h.try("members"); err == nil {
					return h
				}
			}
		}
	}
	t.Fatal("nobody leads")
	return nil
}

// eventually waits until something is so.
func (h *host) eventually(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(100 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("on %s it is not so after %v: %s: %s", h.name, patience, what, h.said)
		}
	}
}

// others are all but one.
func others(all []*host, but *host) []*host {
	return slices.DeleteFunc(slices.Clone(all), func(h *host) bool { return h == but })
}

// threeHosts are three machines that run, of which the first leads. They have one public URL, and
// ada@example.com is an Admin.
func threeHosts(t *testing.T, env ...string) (all []*host) {
	t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		h := newHost(t, name)
		h.url, h.env = "http://localhost:8080", env
		all = append(all, h)
	}
	a := all[0]
	a.run("setup", "--email", "ada@example.com")
	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.serve()
	for _, h := range all[1:] {
		h.join(a, a.token())
	}
	a.become("a voter*", "b voter", "c voter")
	return all
}
