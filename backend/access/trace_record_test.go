package access

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var traceNoon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// traceCount makes count events of a kind: one from each of the networks, the rest from
// the first.
func traceCount(kind Trace, count, networks int) TraceCount {
	x := TraceCount{Trace: kind}
	for i := range networks {
		x.Add(fmt.Sprintf("198.51.100.%d", i), 1)
	}
	if more := count - networks; more > 0 {
		x.Add("198.51.100.0", more)
	}
	return x
}

func TestEveryTraceHasItsTexts(t *testing.T) {
	if len(Traces) != len(traceTexts) {
		t.Errorf("%d kinds are listed, %d have words", len(Traces), len(traceTexts))
	}
	for _, kind := range Traces {
		if !kind.Known() || kind.Name(1) == "" || kind.Name(2) == "" || kind.Means() == "" || kind.ToDo() == "" {
			t.Errorf("%s lacks words", kind)
		}
	}
	if Trace("other").Known() {
		t.Error("a kind that is none is known")
	}
}

// An audit entry must not claim what was not counted: "most" means more than half, and
// beyond the listed networks it says "more than" instead of a number.
func TestTraceCountString(t *testing.T) {
	tests := []struct {
		name string
		in   TraceCount
		want string
	}{
		{"one", traceCount(TraceWrongCode, 1, 1), "1 wrong login code from 198.51.100.0"},
		{"one network", traceCount(TraceWrongCode, 120, 1), "120 wrong login codes from 198.51.100.0"},
		{"half from one is not most", traceCount(TraceDeadLink, 4, 3), "4 unknown links from 3 networks"},
		{"one beyond half", traceCount(TraceDeadLink, 5, 3),
			"5 unknown links from 3 networks, most from 198.51.100.0"},
		{"as many networks as are told apart", traceCount(TraceBadToken, 50, 50),
			"50 unknown secrets from 50 networks"},
		{"one beyond", traceCount(TraceBadToken, 51, 51), "51 unknown secrets from more than 50 networks"},
		{
			"most among many",
			traceCount(TraceBadToken, 200, 60),
			"200 unknown secrets from more than 50 networks, most from 198.51.100.0",
		},
	}
	for _, tt := range tests {
		if got := tt.in.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Merging loses no event: below, at and above the limit of networks.
func TestMergeLosesNothing(t *testing.T) {
	for _, n := range []int{1, 49, 50, 51, 300} {
		a, b := traceCount(TraceWrongCode, 7, 2), TraceCount{Trace: TraceWrongCode}
		for i := range n {
			b.Add(fmt.Sprintf("203.0.%d.%d", i/250, i%250), 1)
		}
		a.Merge(b)
		if a.Count != 7+n || len(a.From) > MaxNetworks || a.More != (n+2 > MaxNetworks) {
			t.Errorf("%d more: %d counted, %d networks, more %v", n, a.Count, len(a.From), a.More)
		}
	}
}

func TestTheDayEnds(t *testing.T) {
	r := TraceRecord{Trace: TraceWrongCode}
	r.Add(traceCount(TraceWrongCode, 30, 3), traceNoon)
	tests := []struct {
		name            string
		after           time.Duration
		count, networks int
	}{
		{"at once", 0, 30, 3},
		{"in the last minute of the day", 24*time.Hour - time.Minute, 30, 3},
		{"as the day is over", 24 * time.Hour, 0, 0},
		{"later", 25 * time.Hour, 0, 0},
	}
	for _, tt := range tests {
		if d := r.Day(traceNoon.Add(tt.after)); d.Count != tt.count || d.Networks != tt.networks {
			t.Errorf("%s: %d from %d, want %d from %d", tt.name, d.Count, d.Networks, tt.count, tt.networks)
		}
	}
	// A network that was active yesterday is not the majority of today's events.
	today := traceNoon.Add(23 * time.Hour)
	r.Add(traceCount(TraceWrongCode, 1, 1), today)
	later := traceNoon.Add(26 * time.Hour)
	other := TraceCount{Trace: TraceWrongCode}
	other.Add("203.0.113.9", 5)
	r.Add(other, later)
	if d := r.Day(later); d.Count != 6 || d.Networks != 2 || d.MostFrom != "203.0.113.9" {
		t.Errorf("the day after: %+v", d)
	}
}

// An attacker tries to flood the audit log. An entry is written once the interval is over;
// while events continue, the interval grows, and after a quiet time it is short again.
func TestAuditEntriesAreBounded(t *testing.T) {
	r, now := TraceRecord{Trace: TraceTooMany}, traceNoon
	for i, span := range []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour} {
		if !r.Add(traceCount(TraceTooMany, 3, 1), now) || r.Add(traceCount(TraceTooMany, 4, 1), now) {
			t.Fatalf("round %d: not the first alone asks for an entry", i)
		}
		if said := r.Tell(now.Add(span - time.Second)); said != "" {
			t.Errorf("round %d: told a second early: %s", i, said)
		}
		now = now.Add(span)
		if said := r.Tell(now); said != "7 requests over the limit from 198.51.100.0" {
			t.Errorf("round %d: %q", i, said)
		}
		if said := r.Tell(now); said != "" {
			t.Errorf("round %d: told twice: %q", i, said)
		}
	}
	now = now.Add(time.Hour)
	r.Add(traceCount(TraceTooMany, 1, 1), now)
	if !r.DueAt.Equal(now.Add(TraceInterval)) {
		t.Errorf("after a quiet hour it is due after %v", r.DueAt.Sub(now))
	}
}

func TestBeyondANormalDay(t *testing.T) {
	tests := []struct {
		name          string
		kind          Trace
		count, active int
		high          bool
	}{
		{"none", TraceDeadLink, 0, 3, false},
		{"as many as a normal day has", TraceDeadLink, 100, 3, false},
		{"one beyond", TraceDeadLink, 101, 3, true},
		{"a large workspace has more", TraceDeadLink, 600, 10_000, false},
		{"and one beyond", TraceDeadLink, 601, 10_000, true},
		{"mistyped codes", TraceWrongCode, 20, 3, false},
		{"guessed codes", TraceWrongCode, 21, 3, true},
		{"mistyped by many", TraceWrongCode, 220, 10_000, false},
		{"guessed among many", TraceWrongCode, 221, 10_000, true},
	}
	for _, tt := range tests {
		r := TraceRecord{Trace: tt.kind}
		r.Add(traceCount(tt.kind, tt.count, min(tt.count, 1)), traceNoon)
		u := UnusualOf([]TraceRecord{r}, tt.active, traceNoon)
		if u.Total != tt.count || u.High != tt.high {
			t.Errorf("%s: %+v, want high %v", tt.name, u, tt.high)
		}
	}
}

// docs/security.md describes each kind in the program's own words.
func TestTracesAreInTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range Traces {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", kind, kind.Means(), kind.ToDo()); !strings.Contains(string(page),
			row) {
			t.Errorf("docs/security.md lacks the row %s", row)
		}
	}
}
