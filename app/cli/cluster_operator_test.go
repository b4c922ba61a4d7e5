package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"doorward/build/need"
)

// What an operator asks of a machine is answered by that machine from its own copy, whether it
// leads or not, and also while nobody leads.
func TestOperatorsOfACluster(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	a, b, c := all[0], all[1], all[2]
	a.run("invite", "bob@example.com", "--role", "Fleet")
	a.eventually("all copies have what was acknowledged", func() bool {
		have := 0
		for _, l := range doctor(a) {
			if strings.Contains(l.Detail, " 0 changes behind") {
				have++
			}
		}
		return have == len(all)
	})
	for _, h := range all {
		if out := h.run("verify"); !strings.Contains(out, "Everything is intact") {
			t.Errorf("on %s: %s", h.name, out)
		}
		lines := doctor(h)
		h.finds(lines, "cluster", "ok", "a leads. Of 3 machines, 3 can be reached.")
		for _, other := range all {
			h.finds(lines, "machine "+other.name, "ok", "Version v1.2.3, 0 changes behind")
		}
		h.finds(lines, "store", "ok", "Members: 2")
	}
	b.kill()
	lines := doctor(a)
	a.finds(lines, "machine b", "fail", "cannot be reached")
	a.finds(lines, "cluster", "ok", "Of 3 machines, 2 can be reached.")
	a.kill()
	c.run("verify")
	c.finds(eventuallyDoctor(c, "cluster", "fail"), "cluster", "fail", "No machine leads")
	file := filepath.Join(t.TempDir(), "copy")
	c.run("backup", file)
	restoredAlone(t, c, file)
}

// restoredAlone restores a backup of a machine that does not lead: into a server alone, which can
// be the first machine of another cluster. It is not restored over a machine's data.
func restoredAlone(t *testing.T, c *host, file string) {
	t.Helper()
	c.refuses("A server is running", "restore", file, "--data", c.dir)
	c.stop()
	c.refuses("not empty", "restore", file, "--data", c.dir)
	x := newHost(t, "x")
	x.run("restore", file, "--data", x.dir)
	if out := x.run("members"); !strings.Contains(out, "bob@example.com") {
		t.Errorf("the backup lacks what was acknowledged: %s", out)
	}
	x.run("verify")
	x.run("cluster", "init", "--cluster-listen", x.at, "--machine", "x")
	x.serve()
	x.become("x voter*")
}

type finding struct{ Name, State, Detail, Fix string }

// doctor is the report of a machine's doctor. It exits with 1, as the public URL is of this
// machine only.
func doctor(h *host) (lines []finding) {
	h.t.Helper()
	out, said, _ := h.try("doctor", "--json")
	var report struct{ Checks []finding }
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		h.t.Fatalf("on %s the doctor says %q and %s: %v", h.name, out, said, err)
	}
	return report.Checks
}

func eventuallyDoctor(h *host, name, state string) (lines []finding) {
	h.t.Helper()
	h.eventually("the doctor notices", func() bool {
		lines = doctor(h)
		for _, l := range lines {
			if l.Name == name && l.State == state {
				return true
			}
		}
		return false
	})
	return lines
}

func (h *host) finds(lines []finding, name, state, words string) {
	h.t.Helper()
	for _, l := range lines {
		if l.Name == name {
			if l.State != state || !strings.Contains(l.Detail, words) || state != "ok" && l.Fix == "" {
				h.t.Errorf("on %s the line %s is %+v, want %s and %q", h.name, name, l, state, words)
			}
			return
		}
	}
	h.t.Errorf("on %s there is no line %s: %+v", h.name, name, lines)
}
