package webtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

// Machines are a cluster as one server of it sees it, which the test controls.
type Machines struct {
	mu      sync.Mutex
	leader  string
	here    bool
	confirm func(context.Context) error
	dial    func(ctx context.Context, machine string) (net.Conn, error)
	asked   int
	dialled int

	states    []access.MachineState
	removable error
}

// In is the option that makes a server one of these machines.
func (m *Machines) In(o *Options) { o.Cluster, o.Machines = m, m }

// Lead sets who leads: this machine with here, else the other with that name, or nobody.
func (m *Machines) Lead(leader string, here bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leader, m.here = leader, here
}

// Answer sets what Confirm does; nil: the lead is confirmed.
func (m *Machines) Answer(confirm func(context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.confirm = confirm
}

// CutOff makes Confirm fail, as on a machine that reaches no majority.
func (m *Machines) CutOff() {
	m.Answer(func(context.Context) error { return errors.New("no majority has answered") })
}

// OnDial sets what Dial does.
func (m *Machines) OnDial(dial func(ctx context.Context, machine string) (net.Conn, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dial = dial
}

// Are sets what States returns.
func (m *Machines) Are(states ...access.MachineState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states = states
}

// Refuse sets what Removable returns.
func (m *Machines) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removable = err
}

// States implements service.Cluster.
func (m *Machines) States(context.Context) ([]access.MachineState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states, nil
}

// Removable implements service.Cluster.
func (m *Machines) Removable(context.Context, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.removable
}

// Asked is how often Confirm was called, and dialled how often Dial was.
func (m *Machines) Asked() (asked, dialled int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked, m.dialled
}

// Confirm implements web.Cluster.
func (m *Machines) Confirm(ctx context.Context) error {
	m.mu.Lock()
	m.asked++
	confirm := m.confirm
	m.mu.Unlock()
	if confirm == nil {
		kv.MadeSure(ctx, m)
		return nil
	}
	return confirm(ctx)
}

// Request implements web.Cluster.
func (m *Machines) Request(ctx context.Context) context.Context { return kv.InRequest(ctx) }

// Name implements web.Cluster.
func (m *Machines) Name() string { return "this" }

// Leader implements web.Cluster.
func (m *Machines) Leader() (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leader, m.here
}

// Dial implements web.Cluster.
func (m *Machines) Dial(ctx context.Context, machine string) (net.Conn, error) {
	m.mu.Lock()
	m.dialled++
	dial := m.dial
	m.mu.Unlock()
	if dial == nil {
		return nil, errors.New("nobody answers")
	}
	return dial(ctx, machine)
}

// First is the name of the machine that leads in a Pair.
const First = "first"

// A Pair is a machine that leads, with a caller of each kind, and another that forwards what
// comes to it.
type Pair struct {
	*Callers // of the one that leads
	Other    *Server

	Here, There *Machines // as the one that leads sees them, and as the other does
	Forwarded   string    // the address at which the one that leads takes forwarded requests
}

// NewPair starts two machines with the same options. The one that leads has this engine.
func NewPair(t testing.TB, engine kv.Opener, change ...func(*Options)) *Pair {
	t.Helper()
	p := &Pair{Here: &Machines{leader: First, here: true}, There: &Machines{leader: First}}
	with := func(more ...func(*Options)) []func(*Options) {
		return append(append(more, WithConsole), change...)
	}
	p.Callers = NewCallersOn(t, engine, with(p.Here.In)...)
	open, other := enginetest.Controlled()
	p.Other = NewOn(t, open, with(p.There.In, func(o *Options) { o.Fresh = true })...)
	other().Lead(false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	p.Must(err)
	p.Forwarded = l.Addr().String()
	p.There.dial = func(ctx context.Context, machine string) (net.Conn, error) {
		if machine != First {
			return nil, fmt.Errorf("there is no machine %q", machine)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", p.Forwarded)
	}
	done := make(chan error, 1)
	go func() { done <- p.Web.ServeForwarded(l) }()
	t.Cleanup(func() {
		p.Must(p.Other.Web.Close())
		p.Must(p.Web.Close())
		<-done
	})
	return p
}

// Via is the same browser at the machine that does not lead.
func (p *Pair) Via(b *Browser) *Browser { return &Browser{Server: p.Other, Jar: b.Jar} }

// InLanguage asks for a language, as a browser does.
func InLanguage(l string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Language", l) }
}
