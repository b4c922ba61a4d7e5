package replica

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/build/need"
)

// killed is set in a process of this test's own: one machine of the cluster.
const killed = "REPLICA_TEST_MACHINE"

// A machineConfig is what such a process is started with.
type machineConfig struct {
	Dir   string
	Self  Peer
	First []Peer
}

// TestMachine is one machine, as a process of its own. It leads when it can, writes with
// sixteen clients while it leads, and prints each key after it was acknowledged. It ends
// when its input is closed.
func TestMachine(t *testing.T) {
	text := os.Getenv(killed)
	if text == "" {
		return // it is started by TestKillsLoseNothing
	}
	var c machineConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", c.Self.Address)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Self: c.Self, First: c.First, Listener: listener, Heartbeat: quick}
	o.Dir, o.MinFree, o.Logger = c.Dir, 1, slog.New(slog.DiscardHandler)
	n, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	out := &lines{}
	leads := make(chan bool, 64)
	n.OnLead(func(now bool) { leads <- now })
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, os.Stdin); close(ended) }()
	for term := 0; ; term++ {
		select {
		case now := <-leads:
			if now {
				out.say("leads %s", c.Self.ID)
				writeWhileLeading(n, c.Self.ID, term, out)
			}
		case <-ended:
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// writeWhileLeading returns when this machine does not lead any more.
func writeWhileLeading(n *Node, id string, term int, out *lines) {
	if !serves(n) {
		return
	}
	var all sync.WaitGroup
	for client := range 16 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%d/%d/%d", id, os.Getpid(), term, client, i)
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				err := n.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
					return errors.Join(tx.Set([]byte("shared"), []byte(key)), tx.Set([]byte(key), nil))
				})
				cancel()
				if err != nil {
					return
				}
				out.say("kept %s", key)
			}
		})
	}
	all.Wait()
}

// lines is the output of a machine.
type lines struct{ mu sync.Mutex }

func (l *lines) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(os.Stdout, format+"\n", args...)
}

// A process is a machine that can be killed.
type process struct {
	c     machineConfig
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // its output has ended
}

// A herd is the machines, and what they have said.
type herd struct {
	t    *testing.T
	mu   sync.Mutex
	kept []string
	tell chan string // who leads, and who has kept a key
}

func (h *herd) start(c machineConfig) *process {
	h.t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		h.t.Fatal(err)
	}
	p := &process{c: c, cmd: exec.Command(os.Args[0], "-test.run=^TestMachine$"), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), killed+"="+string(text))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.stdin, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	go h.read(p, out)
	return p
}

func (h *herd) read(p *process, out io.Reader) {
	defer close(p.ended)
	for s := bufio.NewScanner(out); s.Scan(); {
		var what, key string
		if n, _ := fmt.Sscanf(s.Text(), "%s %s", &what, &key); n != 2 {
			continue
		}
		if what == "kept" {
			h.mu.Lock()
			h.kept = append(h.kept, key)
			h.mu.Unlock()
		}
		select {
		case h.tell <- what + " " + p.c.Self.ID:
		default:
		}
	}
}

// until waits for n keys that were kept, and returns the machine that kept the last.
func (h *herd) until(n int) (id string) {
	h.t.Helper()
	timeout := time.After(patience)
	for n > 0 {
		select {
		case line := <-h.tell:
			var what string
			fmt.Sscanf(line, "%s %s", &what, &id)
			if what == "kept" {
				n--
			}
		case <-timeout:
			h.t.Fatal("no machine acknowledges anything")
		}
	}
	return id
}

// Three processes; the leading one, and then another one, is killed with -9 under sixteen
// writers, KILLS times, and started again. Every key that was acknowledged is in every
// copy, and every copy is sound. KEPT keys are acknowledged before each kill, and as many
// after it. The run that counts is KILLS=100 KEPT=520.
func TestKillsLoseNothing(t *testing.T) {
	need.Unhurried(t)
	kills, kept := number("KILLS", 4), number("KEPT", 200)
	h := &herd{t: t, tell: make(chan string)}
	dir := t.TempDir()
	var first []Peer
	for _, id := range []string{"a", "b", "c"} {
		first = append(first, Peer{id, need.Address(t)})
	}
	running := map[string]*process{}
	for _, self := range first {
		running[self.ID] = h.start(machineConfig{filepath.Join(dir, self.ID), self, first})
	}
	t.Cleanup(func() {
		for _, p := range running {
			p.cmd.Process.Kill()
		}
	})
	for round := range kills {
		id := h.until(kept)
		if round%2 == 1 {
			id = map[string]string{"a": "b", "b": "c", "c": "a"}[id]
		}
		p := running[id]
		p.cmd.Process.Kill()
		<-p.ended
		p.cmd.Wait()
		h.until(kept) // the others go on
		running[id] = h.start(p.c)
	}
	h.until(kept)
	for _, p := range running {
		p.stdin.Close()
	}
	for _, p := range running {
		<-p.ended
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%s: %v", p.c.Self.ID, err)
		}
	}
	h.compare(dir, first)
}

// number is what an environment variable says, or else what is usual.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// compare opens all copies in this process and looks for every key.
func (h *herd) compare(dir string, first []Peer) {
	c := newCluster(h.t, Options{Heartbeat: quick})
	c.dir, c.first = dir, first
	for _, p := range first {
		if _, err := c.start(p, first); err != nil {
			h.t.Fatal(err)
		}
	}
	leader := c.leading()
	c.equal(leader)
	for _, n := range c.running() {
		if all, err := n.engine.Copy(); err != nil { // which checks every table
			h.t.Errorf("the copy of %s is not sound: %v", n.o.Self.ID, err)
		} else {
			all.Close()
		}
	}
	check(h.t, []answers{{kept: h.kept}}, leader)
}
