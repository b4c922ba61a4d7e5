package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/app"
	"doorward/build/need"
)

// Three machines from nothing. The leading one is killed and comes back; one is removed and
// cannot come back with what it has, but with another token; two are lost, and the third goes
// on; and it is a server of its own again, with the data of before.
func TestThreeMachines(t *testing.T) {
	need.Time(t)
	t.Parallel()
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
	b.token() // which the one that leads has made
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
	d.refuses("has already been used", append([]string{"serve"}, d.joining(a, used)...)...)
	x.run("setup", "--email", "mallory@example.com")
	x.run("cluster", "init", "--cluster-listen", x.at, "--machine", "x")
	x.serve()
	foreign := x.token()
	d.refuses("does not belong to the cluster", append([]string{"serve"}, d.joining(a, foreign)...)...)
	x.kill()
	twin := newHost(t, "b")
	fresh := a.token()
	twin.refuses("already has a machine named b", append([]string{"serve"}, twin.joining(a, fresh)...)...)
	d.refuses("the file is empty", append([]string{"serve"}, d.joining(a, os.DevNull)...)...)
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
	for _, h := range []*host{leader, stays} {
		h.refuses(leader.name+" is leading", "cluster", "remove", leader.name)
		h.refuses("no machine nobody", "cluster", "remove", "nobody")
	}
	stays.run("cluster", "remove", out.name)
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
	for _, args := range [][]string{{"verify"}, {"members"}} {
		if out, err := last.command("doorward", args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
}
