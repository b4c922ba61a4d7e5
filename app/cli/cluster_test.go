package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"doorward/app"
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
	cmd           *exec.Cmd
	said          *buffer
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := &host{t: t, name: name, dir: filepath.Join(t.TempDir(), name), at: l.Addr().String()}
	t.Cleanup(h.kill)
	return h
}

// command is doorward on this machine, with or without the commands about a cluster.
func (h *host) command(program string, args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := exec.Command(program, args...)
	frontend, err := filepath.Abs("../../frontend")
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "FRONTEND="+frontend, "DOORWARD_DATA="+h.dir, "HOME="+h.t.TempDir())
	return cmd
}

// try runs a command, and returns what it prints and says.
func (h *host) try(args ...string) (out, said string, err error) {
	h.t.Helper()
	cmd := h.command("doorward-cluster", args...)
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
	h.cmd = h.command("doorward-cluster", append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, args...)...)
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
		line, _ := bufio.NewReader(out).ReadBytes('\n')
		ready <- json.Valid(line) && len(line) > 0
		io.Copy(io.Discard, out)
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

// others are all but one.
func others(all []*host, but *host) []*host {
	return slices.DeleteFunc(slices.Clone(all), func(h *host) bool { return h == but })
}

// Three machines from nothing. The leading one is killed and comes back; one is removed and
// cannot come back with what it has, but with another token; two are lost, and the third goes
// on; and it is a server of its own again, with the data of before.
func TestThreeMachines(t *testing.T) {
	need.Time(t)
	a, b, c := newHost(t, "a"), newHost(t, "b"), newHost(t, "c")
	all := []*host{a, b, c}
	a.run("setup", "--email", "ada@example.com")
	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.refuses("belongs to a cluster already", "cluster", "init", "--cluster-listen", a.at)
	a.refuses("This data belongs to a cluster.", "verify")
	a.serve()
	first := a.token()
	b.join(a, first)
	c.join(b, a.token()) // which sends it to the one that leads
	for _, h := range all {
		h.become("a voter*", "b voter", "c voter")
	}
	b.refuses("The machine a leads", "cluster", "token")
	if out := b.run("doctor"); !strings.Contains(out, "This machine follows the one that leads. Members: 1") {
		t.Errorf("the health of a machine that does not lead: %s", out)
	}
	if out := c.run("members"); !strings.Contains(out, "ada@example.com") {
		t.Errorf("a machine that does not lead answers %s", out)
	}

	strangers(t, a, first)

	a.kill()
	leader := leading(t, b, c)
	leader.run("invite", "bob@example.com", "--role", "Fleet")
	a.serve()
	leader = leading(t, all...)
	waitUntilEqual(t, leader, 2)
	removed(t, all, leader)
	goneOn(t, all)
}

// strangers try to join: with a token that was used, or that another cluster has made, or that
// nobody has; and a machine whose name is taken.
func strangers(t *testing.T, a *host, used string) {
	t.Helper()
	d, x := newHost(t, "d"), newHost(t, "x")
	d.refuses("was used already", append([]string{"serve"}, d.joining(a, used)...)...)
	x.run("setup", "--email", "mallory@example.com")
	x.run("cluster", "init", "--cluster-listen", x.at, "--machine", "x")
	x.serve()
	foreign := x.token()
	d.refuses("is not of the cluster that the token is for", append([]string{"serve"}, d.joining(a, foreign)...)...)
	x.kill()
	twin := newHost(t, "b")
	fresh := a.token()
	twin.refuses("has a machine named b already", append([]string{"serve"}, twin.joining(a, fresh)...)...)
	d.refuses("not a join token", append([]string{"serve"}, d.joining(a, os.DevNull)...)...)
	for _, h := range []*host{d, twin} {
		if left, _ := os.ReadDir(filepath.Join(h.dir, app.ClusterDir)); len(left) > 0 {
			t.Errorf("a refusal has left %v", left)
		}
	}
	a.become("a voter*", "b voter", "c voter")
}

// waitUntilEqual waits until the other machines have everything that the leading one has.
func waitUntilEqual(t *testing.T, leader *host, n int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		equal := 0
		for _, m := range leader.machines() {
			if m.Answers != nil && *m.Answers && m.Behind != nil && *m.Behind == 0 {
				equal++
			}
		}
		if equal == n {
			return
		}
	}
	t.Fatalf("the others do not catch up: %+v", leader.machines())
}

// removed removes a machine, which goes on running, and is started again with all that it has.
func removed(t *testing.T, all []*host, leader *host) {
	t.Helper()
	out := others(all, leader)[0]
	stays := others(others(all, leader), out)[0]
	leader.refuses("leads now", "cluster", "remove", leader.name)
	leader.refuses("no machine nobody", "cluster", "remove", "nobody")
	leader.run("cluster", "remove", out.name)
	want := slices.DeleteFunc([]string{"a voter", "b voter", "c voter"}, func(s string) bool {
		return strings.HasPrefix(s, out.name)
	})
	for i, s := range want {
		if strings.HasPrefix(s, leader.name) {
			want[i] += "*"
		}
	}
	leader.become(want...)
	stays.become(want...)
	out.stop()
	out.serve()
	if _, said, err := out.try("members"); err == nil {
		t.Errorf("a removed machine serves: %s", said)
	}
	leader.become(want...)
	out.stop()
	token := leader.token()
	out.run("cluster", "rejoin", "--join", leader.at, "--token-file", token, "--cluster-listen", out.at)
	out.serve()
	leader.run("invite", "eve@example.com", "--role", "Fleet")
	for end := time.Now().Add(patience); ; <-time.After(100 * time.Millisecond) {
		voters := 0
		for _, m := range leader.machines() {
			if m.Role == "voter" {
				voters++
			}
		}
		if voters == 3 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it does not come back: %+v", leader.machines())
		}
	}
	waitUntilEqual(t, leader, 2)
}

// goneOn loses two machines. It is refused while they are there.
func goneOn(t *testing.T, all []*host) {
	t.Helper()
	last := all[1]
	last.stop()
	rest := others(all, last)
	leading(t, rest...)
	last.refuses("Nothing has to be recovered", "cluster", "recover")
	for _, h := range rest {
		h.kill()
	}
	last.run("cluster", "recover")
	last.serve()
	last.become("b voter*")
	leading(t, last)
	out := last.run("members")
	if !strings.Contains(out, "bob@example.com") || !strings.Contains(out, "eve@example.com") {
		t.Errorf("what was acknowledged is lost: %s", out)
	}
	last.stop()
	last.refuses("Two servers with the same data", "cluster", "leave")
	last.run("cluster", "leave", "--alone")
	for _, args := range [][]string{{"verify"}, {"members"}} { // of a program that knows no cluster
		if out, err := last.command("doorward", args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
}

// No command or flag of a cluster is offered: whoever asks for one is told that there is none.
func TestNothingAboutAClusterIsOffered(t *testing.T) {
	h := newHost(t, "a")
	for _, args := range [][]string{{"cluster", "list"}, {"serve", "--join", "127.0.0.1:1"}} {
		if out, err := h.command("doorward", args...).CombinedOutput(); err == nil {
			t.Errorf("%v is taken: %s", args, out)
		}
	}
	for _, args := range [][]string{{"help"}, {"help", "serve"}, {"completion", "bash"}} {
		out, err := h.command("doorward", args...).CombinedOutput()
		if err != nil || strings.Contains(string(out), "cluster") {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
}
