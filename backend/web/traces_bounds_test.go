package web

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// An attacker repeats one kind of request: one line at once, then at most one a
// minute for a kind and network, with the count since.
func TestOneLineAMinute(t *testing.T) {
	log := &bytes.Buffer{}
	tr := newTraces(slog.New(slog.NewTextHandler(log, nil)))
	start := time.Now()
	at := time.Duration(0)
	tr.now = func() time.Time { return start.Add(at) }
	steps := []struct {
		name   string
		at     time.Duration
		events int
		beats  bool
		lines  int
		last   string // of the last line
	}{
		{"the first", 0, 1, false, 1, "count=1"},
		{"at once after it", 0, 5, true, 1, "count=1"},
		{"before the minute is over", logInterval - 1, 1, true, 1, "count=1"},
		{"as it is over, by the beat alone", logInterval, 0, true, 2, "count=6"},
		{"nothing more", 2 * logInterval, 0, true, 2, "count=6"},
		{"after it was forgotten", 2 * logInterval, 1, false, 3, "count=1"},
		{"a minute on, without a beat", 3 * logInterval, 1, false, 4, "count=1"},
	}
	for _, s := range steps {
		at = s.at
		for range s.events {
			tr.note(access.TraceWrongCode, addr("203.0.113.9"))
		}
		if s.beats {
			tr.beat(tr.now())
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != s.lines || !strings.HasSuffix(lines[len(lines)-1], s.last) {
			t.Errorf("%s: %d lines, the last %q; want %d, %q", s.name, len(lines), lines[len(lines)-1], s.lines, s.last)
		}
	}
}

func TestNetworksAreToldApart(t *testing.T) {
	tests := []struct{ from, want string }{
		{"203.0.113.9", "203.0.113.9"},
		{"::ffff:203.0.113.9", "203.0.113.9"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::1", "::/64"},
	}
	for _, tt := range tests {
		if got := formatNetwork(network(addr(tt.from))); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.from, got, tt.want)
		}
	}
	if got := formatNetwork(network(netip.Addr{})); got != unknownNetwork {
		t.Errorf("no address is %s", got)
	}
}

// Somebody with a whole /44 of IPv6 comes from 200,000 networks. Neither the log
// nor the memory may grow with that; every event is still counted.
func TestManyNetworksAreBounded(t *testing.T) {
	log := &bytes.Buffer{}
	tr := newTraces(slog.New(slog.NewTextHandler(log, nil)))
	at := time.Now()
	tr.now = func() time.Time { return at }
	flood := func(n int) {
		var b [16]byte
		b[0], b[1] = 0x20, 0x01
		for i := range n {
			b[5], b[6], b[7] = byte(i>>16), byte(i>>8), byte(i)
			tr.note(access.TraceDeadLink, netip.AddrFrom16(b))
		}
	}
	before := heap()
	flood(200_000)
	lines := strings.Count(log.String(), "\n")
	if lines != maxLinesPerMinute+1 {
		t.Errorf("%d lines in a minute, want %d and one for all others", lines, maxLinesPerMinute)
	}
	if !strings.Contains(log.String(), "kind=dead_link network=many count=1\n") {
		t.Error("that there are many is not said")
	}
	for range 20 { // minutes: the shards fill
		at = at.Add(logInterval)
		tr.beat(at)
		flood(20_000)
	}
	held := 0
	for i := range tr.shards {
		held += len(tr.shards[i].m)
		if len(tr.shards[i].m) > maxTracesPerShard {
			t.Errorf("a shard holds %d", len(tr.shards[i].m))
		}
	}
	if grown := heap() - before - int64(len(log.String())); grown > 8<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
	all := tr.take()
	if len(all) != 1 || all[0].Count != 200_000+20*20_000 || len(all[0].From) != access.MaxNetworks || !all[0].More {
		t.Errorf("%d kinds, %+v", len(all), all[0].Count)
	}
	if perMinute := strings.Count(log.String(), "\n") / 21; perMinute > maxLinesPerMinute+1 {
		t.Errorf("%d lines a minute", perMinute)
	}
	t.Logf("%d networks held", held)
}
