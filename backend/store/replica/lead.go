package replica

import (
	"slices"
	"sync"

	"github.com/hashicorp/raft"
)

// A lead is the time during which this machine leads, within one term of raft.
type lead struct{ term uint64 }

// followLead begins and ends this machine's leads, one after the other.
func (n *Node) followLead() {
	begun := uint64(0) // the newest term in which it has begun
	for {
		select {
		case leads := <-n.elected:
			if leads {
				begun = n.beginLead(begun)
			} else {
				n.stopLead()
			}
		case <-n.stopped:
			n.stopLead()
			return
		}
	}
}

// beginLead begins to serve, and returns the term in which it has begun. Raft tells of each
// election, also of those whose lead is lost again when this machine comes to it; then its
// first entry is of a later lead already, of which raft tells next.
func (n *Node) beginLead(begun uint64) uint64 {
	if n.raft.CurrentTerm() == begun {
		n.serve(begun)
		return begun
	}
	if n.o.BeforeLead != nil {
		n.o.BeforeLead(n.ctx)
	}
	term, ok := n.takeOver()
	if !ok {
		return begun
	}
	n.serve(term)
	return term
}

func (n *Node) serve(term uint64) {
	n.followers.tell(true, func() { n.lead.Store(&lead{term}) })
}

// takeOver waits until this machine has applied everything that was ever acknowledged: its
// own first entry comes after all of that.
func (n *Node) takeOver() (term uint64, ok bool) {
	e, err := beginEntry(n.engine.Identity())
	if err != nil {
		n.fail(err)
		return 0, false
	}
	future := n.raft.Apply(e.encode(), 0)
	answered := make(chan error, 1)
	go func() { answered <- future.Error() }()
	select {
	case err = <-answered:
	case <-n.stopped: // raft may have forgotten about it
		return 0, false
	}
	if err != nil {
		n.o.Logger.Info("the lead was lost before it began", "err", err)
		return 0, false
	}
	result, _ := future.Response().(applied)
	if result.err != nil {
		return 0, false // the machine has stopped
	}
	if err := n.engine.Forget(n.ctx); err != nil {
		if n.ctx.Err() == nil {
			n.fail(err)
		}
		return 0, false
	}
	return result.term, true
}

// stopLead stops serving.
func (n *Node) stopLead() {
	n.lead.Store(nil)
	n.followers.tell(false, nil)
}

// handOver gives the lead to a machine that answers, if this one leads. Raft itself would
// choose one by its log, and wait for it even if it is down.
func (n *Node) handOver() {
	if l := n.lead.Load(); l != nil {
		n.giveAway(l.term)
	}
}

// giveAway gives the lead of a term to a machine that answers.
func (n *Node) giveAway(term uint64) {
	others, _, err := n.voters()
	if err != nil {
		return
	}
	to := make(chan raft.Server, len(others))
	var asked sync.WaitGroup
	for _, s := range others {
		asked.Go(func() {
			if n.confirms(s, term) {
				to <- s
			}
		})
	}
	go func() { asked.Wait(); close(to) }()
	s, ok := <-to
	if !ok {
		return
	}
	if err := n.raft.LeadershipTransferToServer(s.ID, s.Address).Error(); err != nil {
		n.o.Logger.Info("the lead was not handed over", "err", err)
	}
}

// endLead stops serving as soon as it is known that l cannot go on. Raft says so to
// followLead, too, which tells the followers.
func (n *Node) endLead(l *lead) { n.lead.CompareAndSwap(l, nil) }

// leadFollowers are told when this machine begins to lead, and when it has stopped.
type leadFollowers struct {
	mu    sync.Mutex
	leads bool
	all   []*leadFollower
}

type leadFollower struct{ fn func(leads bool) }

// OnLead implements kv.Elected.
func (n *Node) OnLead(fn func(leads bool)) (cancel func()) {
	f := &n.followers
	f.mu.Lock()
	defer f.mu.Unlock()
	one := &leadFollower{fn}
	f.all = append(f.all, one)
	if f.leads {
		fn(true)
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all = slices.DeleteFunc(f.all, func(o *leadFollower) bool { return o == one })
	}
}

// tell tells them all, and only then lets the machine serve.
func (f *leadFollowers) tell(leads bool, serve func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.leads != leads {
		f.leads = leads
		for _, one := range f.all {
			one.fn(leads)
		}
	}
	if leads {
		serve()
	}
}
