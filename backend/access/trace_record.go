package access

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrUnknownCode is the cause of a refusal when the presented secret is not in the store. A
// secret that was valid once and has expired gets the same answer without this cause,
// because it is no sign of an attack.
var ErrUnknownCode = errors.New("the store does not hold it")

// MaxNetworks is how many networks are listed for one kind. Beyond it, events are still
// counted, and the record says that there were more networks.
const MaxNetworks = 50

// A TraceCount is how often a kind of event was observed, and from which networks.
type TraceCount struct {
	Trace Trace          `json:"trace"`
	Count int            `json:"count"`
	From  map[string]int `json:"from,omitempty"` // by network; at most MaxNetworks
	More  bool           `json:"more,omitempty"` // there were more networks than these
}

// Add counts n more from a network.
func (x *TraceCount) Add(network string, n int) {
	x.Count += n
	if x.From == nil {
		x.From = map[string]int{}
	}
	if _, known := x.From[network]; !known && len(x.From) >= MaxNetworks {
		x.More = true
		if n == 1 {
			return // no listed network has fewer
		}
		least := least(x.From, func(n int) int { return n })
		if x.From[least] >= n {
			return
		}
		delete(x.From, least)
	}
	x.From[network] += n
}

// Merge adds the events in other.
func (x *TraceCount) Merge(other TraceCount) {
	for network, n := range other.From {
		x.Add(network, n)
	}
	x.Count += other.Count - sum(other.From)
	x.More = x.More || other.More
}

func sum(from map[string]int) (all int) {
	for _, n := range from {
		all += n
	}
	return all
}

// least returns the network with the smallest number; of several, the first by name.
func least[V any](from map[string]V, number func(V) int) string {
	return slices.MinFunc(slices.Collect(maps.Keys(from)), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(from[a]), number(from[b])), cmp.Compare(a, b))
	})
}

// String describes it as the audit log does: "120 wrong login codes from 14 networks, most
// from 203.0.113.9".
func (x *TraceCount) String() string {
	most := ""
	for network, n := range x.From {
		if 2*n > x.Count {
			most = network
		}
	}
	return traceSaid(x.Trace, x.Count, len(x.From), x.More, most)
}

func traceSaid(t Trace, count, networks int, more bool, most string) string {
	said := t.Counted(count)
	switch {
	case more:
		said += fmt.Sprintf(" from more than %d networks", MaxNetworks)
	case networks == 1 && most != "":
		return said + " from " + most
	case networks == 1:
		said += " from 1 network"
	default:
		said += fmt.Sprintf(" from %d networks", networks)
	}
	if most != "" {
		said += ", most from " + most
	}
	return said
}

// How long events are collected before they become an audit entry. The interval doubles
// while they continue, so that nobody can flood the log from outside.
const (
	TraceInterval    = 10 * time.Minute
	MaxTraceInterval = time.Hour
)

// traceHours is how many hours the record of a kind covers.
const traceHours = 24

// A TraceRecord is what is stored for one kind: the number of events in each hour of the
// last day, their networks, and what has not been written to the audit log yet.
type TraceRecord struct {
	Trace  Trace               `json:"trace"`
	Hours  map[int64]int       `json:"hours,omitempty"` // by the hour since 1970
	From   map[string]FromTime `json:"from,omitempty"`  // at most MaxNetworks
	Beyond int64               `json:"beyond,omitempty"`
	Last   time.Time           `json:"last"`
	Untold TraceCount          `json:"untold,omitzero"`
	DueAt  time.Time           `json:"due_at,omitzero"` // when the audit entry is due
	ToldAt time.Time           `json:"told_at,omitzero"`
	Span   time.Duration       `json:"span,omitempty"`
}

// A FromTime is how often a network was observed since a given hour of the last day, and
// the hour of its last event.
type FromTime struct {
	N     int   `json:"n"`
	Since int64 `json:"s"`
	Last  int64 `json:"l"`
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// Add adds what was observed up to now. It reports whether a new audit entry became due, at
// DueAt.
func (r *TraceRecord) Add(x TraceCount, now time.Time) (first bool) {
	hour := hourOf(now)
	r.forget(hour)
	if r.Hours == nil {
		r.Hours, r.From = map[int64]int{}, map[string]FromTime{}
	}
	r.Hours[hour] += x.Count
	r.Last = now
	if x.More {
		r.Beyond = hour
	}
	for network, n := range x.From {
		r.addFrom(network, n, hour)
	}
	first = r.Untold.Count == 0
	r.Untold.Trace = r.Trace
	r.Untold.Merge(x)
	if first {
		r.Span = r.nextSpan(now)
		r.DueAt = now.Add(r.Span)
	}
	return first
}

// nextSpan doubles the interval while events follow each other closely.
func (r *TraceRecord) nextSpan(now time.Time) time.Duration {
	if r.ToldAt.IsZero() || now.Sub(r.ToldAt) >= r.Span {
		return TraceInterval
	}
	return min(2*r.Span, MaxTraceInterval)
}

func (r *TraceRecord) addFrom(network string, n int, hour int64) {
	had, known := r.From[network]
	if !known && len(r.From) >= MaxNetworks {
		r.Beyond = hour
		least := least(r.From, func(f FromTime) int { return f.N })
		if r.From[least].N >= n {
			return
		}
		delete(r.From, least)
	}
	if had.Since <= hour-traceHours {
		had = FromTime{Since: hour}
	}
	r.From[network] = FromTime{had.N + n, had.Since, hour}
}

// forget drops what is older than the record covers.
func (r *TraceRecord) forget(hour int64) {
	maps.DeleteFunc(r.Hours, func(h int64, _ int) bool { return h <= hour-traceHours })
	maps.DeleteFunc(r.From, func(_ string, f FromTime) bool { return f.Last <= hour-traceHours })
}

// Tell returns the text of the audit entry once it is due; empty before.
func (r *TraceRecord) Tell(now time.Time) (said string) {
	if r.Untold.Count == 0 || now.Before(r.DueAt) {
		return ""
	}
	said = r.Untold.String()
	r.Untold, r.ToldAt, r.DueAt = TraceCount{}, now, time.Time{}
	return said
}

// A TraceDay is what was observed of one kind in the last 24 hours.
type TraceDay struct {
	Trace    Trace
	Count    int
	Networks int
	More     bool   // there were more networks
	MostFrom string // the network that more than half of them came from, if any
	Last     time.Time
}

// String describes it as the audit log does.
func (d TraceDay) String() string {
	return traceSaid(d.Trace, d.Count, d.Networks, d.More, d.MostFrom)
}

// TraceDays stand one after the other in a Text: with their networks in English only.
type TraceDays []TraceDay

func (all TraceDays) String() string {
	said := make([]string, len(all))
	for i, d := range all {
		said[i] = d.String()
	}
	return strings.Join(said, "; ")
}

// Day covers the last 24 hours: the current hour so far and the 23 before it.
func (r TraceRecord) Day(now time.Time) TraceDay {
	hour := hourOf(now)
	d := TraceDay{Trace: r.Trace, Last: r.Last, More: r.Beyond > hour-traceHours}
	for h, n := range r.Hours {
		if h > hour-traceHours {
			d.Count += n
		}
	}
	for network, f := range r.From {
		if f.Last <= hour-traceHours {
			continue
		}
		d.Networks++
		if f.Since > hour-traceHours && 2*f.N > d.Count {
			d.MostFrom = network
		}
	}
	return d
}

// An Unusual is what was observed in the last 24 hours, of all kinds.
type Unusual struct {
	Days  []TraceDay // the kinds with events, in the order of Traces
	Total int
	Usual int  // how many events are normal in a day
	High  bool // more than normal
}

// The number of events that is normal for a day: scanners find every server, and people
// mistype codes and keep old emails, more of them the more members there are.
const (
	usualEvents, membersEach    = 100, 20
	usualCodes, membersEachCode = 20, 50
)

// UnusualOf adds up the records, for a workspace with this many active members.
func UnusualOf(records []TraceRecord, active int, now time.Time) Unusual {
	u := Unusual{Usual: usualEvents + active/membersEach}
	for _, r := range records {
		d := r.Day(now)
		if d.Count == 0 {
			continue
		}
		u.Days = append(u.Days, d)
		u.Total += d.Count
		if d.Trace == TraceWrongCode && d.Count > usualCodes+active/membersEachCode {
			u.High = true
		}
	}
	u.High = u.High || u.Total > u.Usual
	slices.SortFunc(u.Days, func(a, b TraceDay) int {
		return cmp.Compare(slices.Index(Traces, a.Trace), slices.Index(Traces, b.Trace))
	})
	return u
}
