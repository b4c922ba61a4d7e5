package replica

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// fenceTime is how long a machine tries to make sure that it still leads.
const fenceTime = 2 * time.Second

// A fence is how calls make sure that their machine still leads. They share rounds: each
// waits for one that began after it came.
type fence struct {
	mu      sync.Mutex
	next    *round // nil: nobody waits
	running bool

	asked map[raft.ServerID]chan struct{} // has a token while that machine is being asked
}

type round struct {
	of   *lead
	err  error
	done chan struct{}
}

// confirm returns nil if l still lasted after the call began.
func (n *Node) confirm(ctx context.Context, l *lead) error {
	r := n.fence.join(n)
	select {
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.err == nil && r.of != l {
		return errNotLeading
	}
	return r.err
}

func (f *fence) join(n *Node) *round {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = &round{done: make(chan struct{})}
	}
	if !f.running {
		f.running = true
		go f.run(n)
	}
	return f.next
}

func (f *fence) run(n *Node) {
	for {
		f.mu.Lock()
		r := f.next
		f.next = nil
		f.running = r != nil
		f.mu.Unlock()
		if r == nil {
			return
		}
		r.of = n.lead.Load()
		r.err = n.ask(r.of)
		close(r.done)
	}
}

// ask asks the voters whether any has heard of a later term. If a majority has not, after
// they were asked, then nobody else was elected before that, for which a majority must
// have heard of it.
func (n *Node) ask(l *lead) error {
	if l == nil {
		return errNotLeading
	}
	others, have, err := n.voters()
	if err != nil {
		return err
	}
	voters := len(others) + have
	answers := make(chan bool, len(others))
	over := make(chan struct{})
	defer close(over)
	for _, s := range others {
		turn := n.fence.turnOf(s.ID)
		go func() { answers <- n.confirmsInTurn(s, l.term, turn, over) }()
	}
	timeout := time.NewTimer(fenceTime)
	defer timeout.Stop()
	for range others {
		if have > voters/2 {
			break
		}
		select {
		case yes := <-answers:
			if yes {
				have++
			}
		case <-timeout.C:
			return fmt.Errorf("%w: the others do not answer", kv.ErrUnavailable)
		}
	}
	if have <= voters/2 || n.raft.State() != raft.Leader || n.raft.CurrentTerm() != l.term {
		return errNotLeading
	}
	return nil
}

// turnOf returns the turn to ask a machine, which only one round has at a time: one that
// does not answer must not be asked again by each round, in a connection each.
func (f *fence) turnOf(id raft.ServerID) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = map[raft.ServerID]chan struct{}{}
	}
	if f.asked[id] == nil {
		f.asked[id] = make(chan struct{}, 1)
	}
	return f.asked[id]
}

func (n *Node) confirmsInTurn(s raft.Server, term uint64, turn chan struct{}, over <-chan struct{}) bool {
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
		return n.confirms(s, term)
	case <-over:
		return false
	}
}

// voters returns the other machines with a vote, and the number of votes of this one.
func (n *Node) voters() (others []raft.Server, own int, err error) {
	future := n.raft.GetConfiguration()
	if err := future.Error(); err != nil {
		return nil, 0, unavailable(err)
	}
	for _, s := range future.Configuration().Servers {
		switch {
		case s.Suffrage != raft.Voter:
		case s.ID == raft.ServerID(n.o.Self.ID):
			own++
		default:
			others = append(others, s)
		}
	}
	return others, own, nil
}

// confirms sends what raft sends as a heartbeat, and reports whether the other one is
// still in this term.
func (n *Node) confirms(s raft.Server, term uint64) bool {
	_, ok := n.lastOf(s, term)
	return ok
}

// lastOf is confirms, and returns the last entry in that machine's log.
func (n *Node) lastOf(s raft.Server, term uint64) (last uint64, ok bool) {
	self := n.transport.EncodePeer(raft.ServerID(n.o.Self.ID), raft.ServerAddress(n.o.Self.Address))
	request := raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(n.o.Self.ID), Addr: self},
		Term:      term,
	}
	var answer raft.AppendEntriesResponse
	err := n.transport.AppendEntries(s.ID, s.Address, &request, &answer)
	return answer.LastLog, err == nil && answer.Success && answer.Term == term
}
