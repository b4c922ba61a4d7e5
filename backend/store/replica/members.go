package replica

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// A Member is a machine that gets a copy, as the log knows it.
type Member struct {
	Peer
	Votes bool
}

// Members returns the machines as of the newest list in this machine's log, which may not be
// on a majority's disks yet.
func (n *Node) Members() (all []Member, err error) {
	future := n.raft.GetConfiguration()
	if err := future.Error(); err != nil {
		return nil, unavailable(err)
	}
	for _, s := range future.Configuration().Servers {
		all = append(all, Member{Peer{string(s.ID), string(s.Address)}, s.Suffrage == raft.Voter})
	}
	return all, nil
}

// Remove takes a machine's copy and vote away, or does nothing if it has neither. It returns
// when a majority of the others knows. Only the leading machine can do this, and not to
// itself: it would have to count a majority without its own vote.
func (n *Node) Remove(id string) error {
	if id == n.o.Self.ID {
		return fmt.Errorf("%w: the leading machine cannot remove itself", kv.ErrUnavailable)
	}
	return unavailable(n.raft.RemoveServer(raft.ServerID(id), 0, networkTimeout).Error())
}

// LeaderAt returns the machine that leads, as far as this one knows; zero if it knows of none.
func (n *Node) LeaderAt() Peer {
	address, id := n.raft.LeaderWithID()
	return Peer{string(id), string(address)}
}

// HandOverTo gives the lead to another machine, which first gets what it lacks. Only the leading
// machine can do this.
func (n *Node) HandOverTo(p Peer) error {
	to := raft.ServerID(p.ID)
	return unavailable(n.raft.LeadershipTransferToServer(to, raft.ServerAddress(p.Address)).Error())
}

// leaderLook is how often AwaitLeader looks whether somebody leads.
const leaderLook = 20 * time.Millisecond

// AwaitLeader waits until another machine leads, or this one does and serves, and returns
// whether somebody does. It gives up when ctx ends.
func (n *Node) AwaitLeader(ctx context.Context) bool {
	look := time.NewTicker(leaderLook)
	defer look.Stop()
	for {
		if id := n.LeaderAt().ID; id != "" && id != n.o.Self.ID || n.lead.Load() != nil {
			return true
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		case <-n.stopped:
			return false
		}
	}
}

// A Standing is how another machine keeps up with the leading one.
type Standing struct {
	Answers bool
	Behind  uint64 // entries that it does not have on its disk
}

// Standings asks the other machines, at the same time, how far they are, by their ids. Only the
// leading machine can do this. One that does not answer in time does not answer.
func (n *Node) Standings(ctx context.Context) (map[string]Standing, error) {
	l := n.lead.Load()
	if l == nil {
		return nil, errNotLeading
	}
	all, err := n.Members()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m Member) bool { return m.ID == n.o.Self.ID })
	ctx, cancel := context.WithTimeout(ctx, fenceTime)
	defer cancel()
	type answer struct {
		id string
		Standing
	}
	answers := make(chan answer, len(all))
	for _, m := range all {
		go func() {
			last := n.raft.LastIndex() // before it is asked: what comes meanwhile is no lag
			s := raft.Server{ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.Address)}
			has, ok := n.lastOf(s, l.term)
			answers <- answer{m.ID, Standing{Answers: ok, Behind: last - min(last, has)}}
		}()
	}
	standings := map[string]Standing{}
	for range all {
		select {
		case a := <-answers:
			standings[a.id] = a.Standing
		case <-ctx.Done():
			return standings, nil
		}
	}
	return standings, nil
}

// ViewHere implements kv.Local.
func (n *Node) ViewHere(ctx context.Context, fn func(kv.Tx) error) error {
	if err := n.failure(); err != nil {
		return err
	}
	if err := n.calls.begin(); err != nil {
		return err
	}
	defer n.calls.done()
	return n.noteHarm(n.engine.View(ctx, fn))
}

// Applied returns how many entries of the log this machine's copy includes; zero: it has none
// yet.
func (n *Node) Applied() uint64 { return n.engine.Applied() }
