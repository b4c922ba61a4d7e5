package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"doorward/build/need"
)

// The clock of one of three machines is an hour ahead, or behind. It follows, and never leads: when
// both others were stopped, the one that comes back first leads. What is recorded has the time of
// the right ones, and never an earlier one than before. A fourth with such a clock cannot join.
func TestAClockThatIsAnHourOff(t *testing.T) {
	need.Time(t)
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			all := threeHosts(t)
			a, b := all[0], all[1]
			a.setClock(off) // while it leads
			words := "1h0m0s " + name
			a.eventually("the doctor of each machine says it", func() bool {
				for _, h := range all {
					if !saysOfClock(doctor(h), words) {
						return false
					}
				}
				return true
			})
			for i := range 4 {
				killed := rightLeader(t, a, all)
				killed.kill()
				stays := others(others(all, a), killed)[0] // of two clocks a remembers which is right
				stays.run("invite", string(rune('m'+i))+"@example.com", "--role", "Fleet")
				rightLeader(t, a, others(all, killed))
				killed.serve()
				killed.run("invite", string(rune('r'+i))+"@example.com", "--role", "Fleet")
			}
			timesAreRight(t, b, off)
			d := newHost(t, "d")
			d.setClock(off)
			d.refuses("Correct this machine's clock", append([]string{"serve"}, d.joining(b, b.token())...)...)
		})
	}
}

func saysOfClock(lines []finding, words string) bool {
	for _, l := range lines {
		if l.Name == "machine a" && l.State == "warn" && strings.Contains(l.Detail, words) &&
			strings.Contains(l.Detail, "does not lead") {
			return true
		}
	}
	return false
}

// rightLeader waits until another machine than this one leads.
func rightLeader(t *testing.T, wrong *host, all []*host) (leader *host) {
	t.Helper()
	wrong.eventually("another machine leads", func() bool {
		leader = leading(t, all...)
		return leader != wrong
	})
	return leader
}

// timesAreRight fails the test if an entry of the audit log is dated before an earlier one, or by the
// wrong clock.
func timesAreRight(t *testing.T, h *host, off time.Duration) {
	t.Helper()
	var before time.Time
	n := 0
	for d := json.NewDecoder(strings.NewReader(h.run("audit", "--json"))); d.More(); n++ {
		var e struct{ At time.Time }
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if apart := time.Since(e.At).Abs(); apart > off.Abs()/2 {
			t.Errorf("an entry is dated %v", e.At)
		}
		if e.At.Before(before) {
			t.Errorf("an entry is dated %v, and the next one %v", before, e.At)
		}
		before = e.At
	}
	if n < 12 {
		t.Errorf("there are %d entries", n)
	}
}
