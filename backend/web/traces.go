package web

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"doorward/backend/access"
)

// Limits on what is logged and held of strangers' requests.
const (
	logInterval       = time.Minute     // of one kind and network, after the first line
	maxLinesPerMinute = 600             // in all; beyond it there is one line for each kind
	maxTracesPerShard = 512             // pairs of kind and network, in each of 16 shards
	noticeInterval    = 5 * time.Second // counts go to the service, and so to the console
	manyNetworks      = "many"          // where there is no room to tell networks apart
	unknownNetwork    = "unknown"
	unusualSentence   = "unusual event" // the log line's message, which fail2ban's filter matches
)

// traces records what attacks leave behind. For people and fail2ban it logs one
// line for each kind and network, at once and then at most once a minute with the
// count since; for the service it keeps counts, passed on at intervals. Its
// memory is limited, whatever arrives, and no line contains anything that a
// stranger chose, except their address.
type traces struct {
	log    *slog.Logger
	now    func() time.Time
	shards [16]traceShard
	kinds  map[access.Trace]*traceKind // fixed
	lines  lineBudget
}

type traceShard struct {
	mu sync.Mutex
	m  map[traceKey]*traceEntry
}

type traceKey struct {
	kind access.Trace
	from netip.Addr
}

// traceEntry is what was not logged yet of one kind and network.
type traceEntry struct {
	unsaid int
	said   time.Time
}

// traceKind is what was noticed of one kind since the last beat, and what came
// from networks that there was no room for.
type traceKind struct {
	mu      sync.Mutex
	noticed access.TraceCount
	unsaid  int
	said    time.Time
}

func newTraces(log *slog.Logger) *traces {
	t := &traces{log: log, now: time.Now, kinds: map[access.Trace]*traceKind{}}
	for i := range t.shards {
		t.shards[i].m = map[traceKey]*traceEntry{}
	}
	for _, kind := range access.Traces {
		t.kinds[kind] = &traceKind{noticed: access.TraceCount{Trace: kind}}
	}
	return t
}

// note counts one event of a kind from an address, and logs it when a line is
// due. It may be called from anywhere, also before there is a request.
func (t *traces) note(kind access.Trace, from netip.Addr) {
	k := t.kinds[kind]
	if k == nil {
		return
	}
	from, now := network(from), t.now()
	k.add(formatNetwork(from))
	n, room := t.turn(traceKey{kind, from}, now)
	switch {
	case n > 0:
		t.say(kind, formatNetwork(from), n)
	case !room:
		if n := k.beyond(1, now); n > 0 {
			t.say(kind, manyNetworks, n)
		}
	}
}

// turn counts an event of a kind and network. It returns how many to log now, or
// that there is no room to count this network separately.
func (t *traces) turn(key traceKey, now time.Time) (n int, room bool) {
	b := key.from.As16()
	sh := &t.shards[(b[15]^b[7]^b[3])&15]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.m[key]
	if e == nil {
		if len(sh.m) >= maxTracesPerShard || !t.lines.take(now) {
			return 0, false
		}
		sh.m[key] = &traceEntry{said: now}
		return 1, true
	}
	e.unsaid++
	return e.due(now, &t.lines), true
}

// due returns how many events to log now, of a network that was logged before.
func (e *traceEntry) due(now time.Time, lines *lineBudget) (n int) {
	if e.unsaid == 0 || now.Sub(e.said) < logInterval || !lines.take(now) {
		return 0
	}
	n, e.unsaid, e.said = e.unsaid, 0, now
	return n
}

// say writes the line. Its form is fixed: build/fail2ban parses it.
func (t *traces) say(kind access.Trace, network string, n int) {
	t.log.LogAttrs(context.Background(), slog.LevelWarn, unusualSentence,
		slog.String("kind", string(kind)), slog.String("network", network), slog.Int("count", n))
}

func (k *traceKind) add(network string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noticed.Add(network, 1)
}

// beyond counts n more from networks that there was no room for, and returns how
// many of them to log now.
func (k *traceKind) beyond(n int, now time.Time) (say int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unsaid += n
	if k.unsaid > 0 && now.Sub(k.said) >= logInterval {
		say, k.unsaid, k.said = k.unsaid, 0, now
	}
	return say
}

// take returns what was noticed since the last call.
func (k *traceKind) take() access.TraceCount {
	k.mu.Lock()
	defer k.mu.Unlock()
	x := k.noticed
	k.noticed = access.TraceCount{Trace: x.Trace}
	return x
}

// beat logs what has waited for its minute, and forgets networks that were quiet
// for one.
func (t *traces) beat(now time.Time) {
	for i := range t.shards {
		for key, n := range t.shards[i].beat(now, &t.lines) {
			t.say(key.kind, formatNetwork(key.from), n)
		}
	}
	for _, kind := range access.Traces {
		if n := t.kinds[kind].beyond(0, now); n > 0 {
			t.say(kind, manyNetworks, n)
		}
	}
}

func (sh *traceShard) beat(now time.Time, lines *lineBudget) map[traceKey]int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	say := map[traceKey]int{}
	for key, e := range sh.m {
		if n := e.due(now, lines); n > 0 {
			say[key] = n
		} else if e.unsaid == 0 && now.Sub(e.said) >= logInterval {
			delete(sh.m, key)
		}
	}
	return say
}

// take returns what was noticed of all kinds since the last call.
func (t *traces) take() (all []access.TraceCount) {
	for _, kind := range access.Traces {
		if x := t.kinds[kind].take(); x.Count > 0 {
			all = append(all, x)
		}
	}
	return all
}

// putBack counts again what could not be stored.
func (t *traces) putBack(all []access.TraceCount) {
	for _, x := range all {
		k := t.kinds[x.Trace]
		k.mu.Lock()
		k.noticed.Merge(x)
		k.mu.Unlock()
	}
}

// A lineBudget is how many lines may still be logged in this minute.
type lineBudget struct {
	mu   sync.Mutex
	from time.Time
	used int
}

func (b *lineBudget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := now.Sub(b.from); d >= time.Minute || d < 0 {
		b.from, b.used = now, 0
	}
	if b.used >= maxLinesPerMinute {
		return false
	}
	b.used++
	return true
}

// formatNetwork names a network in log lines and audit entries.
func formatNetwork(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return unknownNetwork
	case a.Is6():
		return netip.PrefixFrom(a, 64).String()
	}
	return a.String()
}
