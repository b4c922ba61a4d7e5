package product

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"doorward/build/need"
)

// A Machine is a machine of a cluster: a process of its own, with its own data directory.
type Machine struct {
	Name    string
	Dir     string
	At      string   // host and port for the other machines
	Bind    string   // where it listens for them, if that is not At
	Listen  string   // host and port for people
	Within  []string // a command that runs the program, such as ip netns exec NAME
	Env     []string
	Log     Transcript
	program string
	t       *testing.T
	cmd     *exec.Cmd
	exited  chan error
}

// NewMachine prepares a machine of that name. Its addresses are free ports on loopback.
func NewMachine(t *testing.T, name string) *Machine {
	t.Helper()
	need.Time(t)
	program, err := Build()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "dw") // its sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{Name: name, Dir: filepath.Join(dir, "data"), At: need.Address(t), Listen: need.Address(t),
		program: program, t: t}
	m.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DOORWARD_DATA=" + m.Dir}
	t.Cleanup(func() {
		m.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &m.Log)
		}
		os.RemoveAll(dir)
	})
	return m
}

func (m *Machine) command(args ...string) *exec.Cmd {
	all := append(append([]string{}, m.Within...), m.program)
	all = append(all, args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = m.Env
	return cmd
}

// Try runs a command on this machine, and returns what it prints; the error has what it says.
func (m *Machine) Try(args ...string) (string, error) {
	var out, errs strings.Builder
	cmd := m.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("on %s, doorward %s: %w: %s", m.Name, strings.Join(args, " "), err, &errs)
	}
	return out.String(), nil
}

// Do is Try for a command that has to succeed.
func (m *Machine) Do(args ...string) string {
	m.t.Helper()
	out, err := m.Try(args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// Serve starts the server, and returns when it says that it runs.
func (m *Machine) Serve(args ...string) {
	m.t.Helper()
	if err := m.TryServe(args...); err != nil {
		m.t.Fatalf("%s does not run: %v: %s", m.Name, err, &m.Log)
	}
}

// TryServe is Serve for a server that may refuse to start.
func (m *Machine) TryServe(args ...string) error {
	if m.Bind != "" && !slices.Contains(args, "--cluster-listen") {
		args = append(args, "--cluster-listen", m.Bind)
	}
	cmd := m.command(append([]string{"serve", "--listen", m.Listen}, args...)...)
	cmd.Stdout, cmd.Stderr = &m.Log, &m.Log
	from := m.Log.Len()
	if err := cmd.Start(); err != nil {
		return err
	}
	m.cmd, m.exited = cmd, make(chan error, 1)
	go func(exited chan<- error) { exited <- cmd.Wait(); close(exited) }(m.exited)
	_, err := m.Log.Await(from, printedOpen, m.exited)
	return err
}

// Kill ends the server with kill -9, if it runs.
func (m *Machine) Kill() { m.end(syscall.SIGKILL) }

// Stop ends the server in order.
func (m *Machine) Stop() {
	m.t.Helper()
	if err := m.end(syscall.SIGTERM); err != nil {
		m.t.Errorf("%s ends with %v", m.Name, err)
	}
}

func (m *Machine) end(by syscall.Signal) error {
	if m.cmd == nil {
		return nil
	}
	if err := m.cmd.Process.Signal(by); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(Patience, func() { m.cmd.Process.Kill() })
	defer late.Stop()
	err := <-m.exited
	m.cmd = nil
	return err
}

// A Seen is a machine as another one lists it.
type Seen struct {
	Name, Role              string
	Leads, Answers, Damaged bool
	Behind                  *uint64
}

// Machines are those of the cluster, as this one lists them.
func (m *Machine) Machines() (all []Seen, err error) {
	out, err := m.Try("cluster", "list", "--json")
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var s Seen
		if err := d.Decode(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Ready returns nil if this machine knows one that leads and answers.
func (m *Machine) Ready() error {
	client := &http.Client{Timeout: Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + m.Listen + "/readyz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", res.Status)
	}
	return nil
}

// Begin makes the first machine of a cluster, with ada@example.com as its Admin, and lets the
// others join. It returns when all have a vote. flags are for serve.
func Begin(first *Machine, others []*Machine, flags ...string) {
	first.t.Helper()
	first.Do("setup", "--email", "ada@example.com", "--name", "Ada Lovelace")
	first.Do(append([]string{"cluster", "init", "--machine", first.Name}, first.addresses()...)...)
	first.Serve(flags...)
	for _, m := range others {
		m.Join(first, flags...)
	}
	first.Await(func(all []Seen) bool {
		n := 0
		for _, s := range all {
			if s.Role == "voter" && (s.Leads || s.Answers) {
				n++
			}
		}
		return n == len(others)+1
	})
}

// Join starts a machine that joins through another, which leads.
func (m *Machine) Join(contact *Machine, flags ...string) {
	m.t.Helper()
	m.Serve(append(m.joins(contact), flags...)...)
}

// Rejoin lets a stopped machine that was removed join again through another, with a new copy.
func (m *Machine) Rejoin(contact *Machine) {
	m.t.Helper()
	m.Do(append([]string{"cluster", "rejoin"}, m.joins(contact)...)...)
	m.Serve()
}

// addresses are the flags that say where the other machines reach this one.
func (m *Machine) addresses() []string {
	if m.Bind == "" {
		return []string{"--cluster-listen", m.At}
	}
	return []string{"--cluster-listen", m.Bind, "--cluster-address", m.At}
}

// joins are the flags for a machine that joins through another.
func (m *Machine) joins(contact *Machine) []string {
	m.t.Helper()
	lines := strings.Split(strings.TrimSpace(contact.Do("cluster", "token")), "\n")
	file := filepath.Join(m.t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(lines[len(lines)-1]), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return append([]string{"--join", contact.At, "--token-file", file, "--machine", m.Name}, m.addresses()...)
}

// Await waits until the machines are as they should be, as this one lists them.
func (m *Machine) Await(is func([]Seen) bool) {
	m.t.Helper()
	err := Eventually("the machines are as they should be", func() error {
		all, err := m.Machines()
		if err == nil && !is(all) {
			err = fmt.Errorf("they are %+v", all)
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// Leading waits until one of these machines leads and all of them know it, and returns it.
func Leading(t *testing.T, all ...*Machine) (leads *Machine) {
	t.Helper()
	err := Eventually("one machine leads", func() error {
		votes := map[string]int{}
		for _, m := range all {
			seen, err := m.Machines()
			if err != nil {
				return err
			}
			for _, s := range seen {
				if s.Leads {
					votes[s.Name]++
				}
			}
		}
		for _, m := range all {
			if votes[m.Name] == len(all) && m.Ready() == nil {
				leads = m
				return nil
			}
		}
		return fmt.Errorf("they say %v", votes)
	})
	if err != nil {
		t.Fatal(err)
	}
	return leads
}
