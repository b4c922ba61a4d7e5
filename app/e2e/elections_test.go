package e2e

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// elections are what a machine says when it loses a lead or stands for election.
var elections = regexp.MustCompile(`(?m)^.*(starting election|stepping down).*$`)

// Three machines have little to do, and nothing goes wrong: the one that leads goes on leading. It
// lasts MINUTES, or ten seconds. On a computer with more to do than it has processors, a machine can
// wait for its turn for longer than a heartbeat, which is a cause: then it is only logged.
func TestNoElectionWithoutACause(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	lasts := 10*time.Second + time.Duration(number(t, "MINUTES", 0))*time.Minute
	var all []*product.Machine
	for _, name := range []string{"one", "two", "three"} {
		all = append(all, product.NewMachine(t, name))
	}
	product.Begin(all[0], all[1:])
	var from []int
	for _, m := range all {
		from = append(from, m.Log.Len())
	}
	w := &writers{seed: seed(t), pace: 500 * time.Millisecond}
	w.next = w.contest
	w.begin(all, perMachine*len(all))
	defer w.end()
	highest, end := load(), time.After(lasts)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for over := false; !over; {
		select {
		case <-look.C:
			highest = max(highest, load())
		case <-end:
			over = true
		}
	}
	w.end()
	t.Logf("in %v: %s; the load average was up to %.1f", lasts, w.counts().since(nil), highest)
	for i, m := range all {
		for _, line := range elections.FindAllString(m.Log.String()[from[i]:], -1) {
			t.Logf("%s said: %s", m.Name, strings.TrimSpace(line))
			if highest > 0 && highest <= float64(runtime.NumCPU()) {
				t.Errorf("%s was not content with the one that leads", m.Name)
			}
		}
	}
}

// load is the load average of the last minute; zero if the system does not tell.
func load() (one float64) {
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Sscan(string(text), &one)
	}
	return one
}
