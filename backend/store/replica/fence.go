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

// A fence is how calls make sure that their machine still leads. They share rounds.
type fence struct {
	rounds rounds[verdict]

	mu    sync.Mutex
	asked map[raft.ServerID]chan struct{} // has a token while that machine is being asked
}

// A verdict is nil if that lead lasted until a round of questions had begun.
type verdict struct {
	of  *lead
	err error
}

// Confirm returns nil if this machine led when the call began, and still did after that, as a
// majority has said since: whatever was acknowledged before the call, anywhere, is applied
// here. The Views of the same request (kv.InRequest) then do not ask again, as long as that lead
// lasts. It returns when ctx ends.
func (n *Node) Confirm(ctx context.Context) error {
	l, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer n.calls.done()
	return n.confirm(ctx, l)
}

// Leader returns the ID of the machine that leads, as far as this one knows, and whether it is
// this one and serves. The ID is empty while nobody leads, and while this machine has not yet
// begun to serve.
func (n *Node) Leader() (id string, here bool) {
	if n.lead.Load() != nil {
		return n.o.Self.ID, true
	}
	_, other := n.raft.LeaderWithID()
	if id = string(other); id == n.o.Self.ID {
		return "", false
	}
	return id, false
}

// confirm returns nil if l still lasted after the call began.
func (n *Node) confirm(ctx context.Context, l *lead) error {
	v, err := n.fence.rounds.wait(ctx)
	if err != nil {
		return err
	}
	if v.err == nil && v.of != l {
		return errNotLeading
	}
	if v.err == nil {
		kv.MadeSure(ctx, l)
	}
	return v.err
}

func (n *Node) judge() verdict {
	l := n.lead.Load()
	return verdict{l, n.ask(l)}
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
