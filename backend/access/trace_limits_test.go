package access

import (
	"fmt"
	"testing"
	"time"
)

func networksOf(n int) (x TraceCount) {
	x.Trace = TraceDeadLink
	for i := range n {
		x.Add(fmt.Sprintf("203.0.113.%d", i), 2)
	}
	return x
}

// An attacker uses ever more networks to push the loud ones out of the list. A new network
// replaces the smallest one only if it has more events; otherwise its events are counted
// without its name.
func TestSmallestNetworkIsReplaced(t *testing.T) {
	const late, least = "198.51.100.1", "203.0.113.0"
	for _, tt := range []struct {
		n     int
		named bool
	}{{1, false}, {2, false}, {3, true}} {
		x := networksOf(MaxNetworks)
		x.Add(late, tt.n)
		if x.From[late] != 0 != tt.named || (x.From[least] == 0) != tt.named || !x.More || len(x.From) != MaxNetworks {
			t.Errorf("Noticed, %d from one more: named %d, the least %d", tt.n, x.From[late], x.From[least])
		}
		r := TraceRecord{Trace: TraceDeadLink}
		r.Add(networksOf(MaxNetworks), traceNoon)
		one := TraceCount{Trace: TraceDeadLink}
		one.Add(late, tt.n)
		r.Add(one, traceNoon)
		if r.From[late].N != 0 != tt.named || (r.From[least].N == 0) != tt.named || len(r.From) != MaxNetworks {
			t.Errorf("TraceRecord, %d from one more: named %d, the least %d", tt.n, r.From[late].N, r.From[least].N)
		}
		if d := r.Day(traceNoon); !d.More || d.Count != 2*MaxNetworks+tt.n {
			t.Errorf("the day: %+v", d)
		}
	}
	full := TraceRecord{Trace: TraceDeadLink}
	full.Add(networksOf(MaxNetworks), traceNoon)
	if d := full.Day(traceNoon); d.More || d.Networks != MaxNetworks {
		t.Errorf("as many as are told apart: %+v", d)
	}
	x := networksOf(1)
	x.Merge(TraceCount{More: true})
	if !x.More {
		t.Error("merging forgot that there were more networks")
	}
}

// A record covers one day: older events are dropped when something is added, and are not
// counted before that either.
func TestTheRecordKeepsADay(t *testing.T) {
	hour := hourOf(traceNoon)
	for _, tt := range []struct {
		name  string
		after time.Duration
		kept  bool
	}{
		{"the last hour of the day", (traceHours - 1) * time.Hour, true},
		{"a day later", traceHours * time.Hour, false},
		{"two days later", 2 * traceHours * time.Hour, false},
	} {
		r := TraceRecord{Trace: TraceDeadLink}
		x := networksOf(1)
		x.More = true
		r.Add(x, traceNoon)
		then := traceNoon.Add(tt.after)
		if d := r.Day(then); d.More != tt.kept || (d.MostFrom != "") != tt.kept || (d.Count != 0) != tt.kept {
			t.Errorf("%s: %+v", tt.name, d)
		}
		other := TraceCount{Trace: TraceDeadLink}
		other.Add("198.51.100.1", 1)
		r.Add(other, then)
		if _, ok := r.Hours[hour]; ok != tt.kept {
			t.Errorf("%s: the hours are %v", tt.name, r.Hours)
		}
		if _, ok := r.From["203.0.113.0"]; ok != tt.kept {
			t.Errorf("%s: the networks are %v", tt.name, r.From)
		}
		if !r.Last.Equal(then) {
			t.Errorf("%s: the last is %v", tt.name, r.Last)
		}
	}
}

// A network that is active for more than a day is counted over the last day only.
func TestANetworkThatGoesOn(t *testing.T) {
	one := TraceCount{Trace: TraceDeadLink}
	one.Add("198.51.100.1", 5)
	for _, tt := range []struct {
		name  string
		after time.Duration
		n     int
	}{
		{"within the day", (traceHours - 1) * time.Hour, 15},
		{"as it is over", traceHours * time.Hour, 5},
	} {
		r := TraceRecord{Trace: TraceDeadLink}
		r.Add(one, traceNoon)
		r.Add(one, traceNoon.Add(time.Hour))
		r.Add(one, traceNoon.Add(tt.after))
		if got := r.From["198.51.100.1"].N; got != tt.n {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.n)
		}
	}
	// Exactly half is not "most", and a network that is older than the day does not affect
	// the others.
	r := TraceRecord{Trace: TraceDeadLink}
	r.Add(one, traceNoon)
	two := TraceCount{Trace: TraceDeadLink}
	two.Add("198.51.100.2", 5)
	r.Add(two, traceNoon)
	if d := r.Day(traceNoon); d.MostFrom != "" || d.Networks != 2 {
		t.Errorf("half and half: %+v", d)
	}
}

// Kinds without events are left out; the rest keep their order.
func TestUnusualDaysAreInOrder(t *testing.T) {
	var records []TraceRecord
	for _, kind := range []Trace{TraceBadToken, TraceTooMany, TraceWrongCode} {
		r := TraceRecord{Trace: kind}
		if kind != TraceTooMany {
			r.Add(traceCount(kind, 1, 1), traceNoon)
		}
		records = append(records, r)
	}
	u := UnusualOf(records, 0, traceNoon)
	if len(u.Days) != 2 || u.Days[0].Trace != TraceWrongCode || u.Days[1].Trace != TraceBadToken || u.Total != 2 {
		t.Errorf("unusual: %+v", u)
	}
	if got := traceSaid(TraceDeadLink, 2, 1, false, ""); got != "2 unknown links from 1 network" {
		t.Errorf("one network that has not most: %q", got)
	}
}
