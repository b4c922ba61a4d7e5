package machines

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store"
	"doorward/build/need"
)

// patience limits the wait for what must happen, however busy the machine is.
const patience = 2 * time.Minute

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}

func wantRefusal(t testing.TB, err error, code string) {
	t.Helper()
	if got := access.Explain(err).Code; err == nil || got != code {
		t.Errorf("it is refused with %q (%v), want %q", got, err, code)
	}
}

// floor is how much disk a machine needs for changes.
const floor = 1000

// A site is one machine of a cluster in this process.
type site struct {
	t     *testing.T
	o     app.ClusterOptions
	m     *machine // nil: it is stopped
	store *store.Store
	free  atomic.Uint64 // bytes of disk
	ahead atomic.Int64  // its clock is, by so much
}

func newSite(t *testing.T, name string) *site {
	t.Helper()
	s := &site{t: t, o: app.ClusterOptions{Data: filepath.Join(t.TempDir(), name), Name: name,
		Listen: need.Address(t), Version: "1.0.0", Logger: slog.New(slog.DiscardHandler)}}
	s.free.Store(100 * floor)
	s.o.Now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	t.Cleanup(s.stop)
	return s
}

func (s *site) start() {
	s.t.Helper()
	must(s.t, s.tryStart())
}

func (s *site) tryStart() error {
	o := s.o
	o.Listen = ""
	m, err := open(o)
	if err != nil {
		return err
	}
	kept, err := store.Open(store.Options{Engine: m.Engine, Dir: o.Data, Logger: o.Logger, MinFree: floor,
		Now: o.Now, Machine: m.Name(), Free: func(string) (uint64, error) { return s.free.Load(), nil }})
	if err == nil {
		err = m.Attach(kept)
	}
	if err != nil {
		if kept != nil {
			err = errors.Join(err, kept.Close())
		}
		return errors.Join(err, m.Close())
	}
	s.m, s.store = m, kept
	return nil
}

func (s *site) stop() {
	s.t.Helper()
	if s.m == nil {
		return
	}
	if err := errors.Join(s.store.Close(), s.m.Close()); err != nil {
		s.t.Errorf("%s: %v", s.o.Name, err)
	}
	s.m = nil
}

// first makes the first machine of a cluster.
func first(t *testing.T) *site {
	t.Helper()
	a := newSite(t, "a")
	must(t, Cluster{}.Init(t.Context(), a.o))
	a.start()
	a.leads()
	return a
}

func (s *site) leads() {
	s.t.Helper()
	eventually(s.t, s.o.Name+" leads", func() bool { return s.m.node.AwaitLeader(s.t.Context()) && s.store.Leads() })
}

func (s *site) token() string {
	s.t.Helper()
	var token string
	var err error
	eventually(s.t, "a token is made", func() bool {
		token, _, err = Cluster{}.Token(s.t.Context(), s.o.Data)
		return err == nil
	})
	return token
}

// joined is another machine that has joined through this one, and runs.
func (s *site) joined(name string) *site {
	s.t.Helper()
	n := newSite(s.t, name)
	must(s.t, Cluster{}.Join(s.t.Context(), n.o, s.o.Listen, s.token()))
	n.start()
	return n
}

func (s *site) votes(names ...string) {
	s.t.Helper()
	eventually(s.t, "they vote", func() bool {
		all, err := Cluster{}.Machines(s.t.Context(), s.o.Data)
		must(s.t, err)
		var have []string
		for _, m := range all {
			if m.Role == string(cluster.Voter) {
				have = append(have, m.Name)
			}
		}
		slices.Sort(have)
		return slices.Equal(have, names)
	})
}

// A machine was away while one was added and another removed, and now only machines that it
// does not know lead. Its own list would refuse them for ever.
func TestAMachineComesBackToStrangers(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	c.stop()
	d := a.joined("d")
	a.votes("a", "b", "c", "d")
	must(t, Cluster{}.Remove(t.Context(), a.o.Data, "b"))
	a.votes("a", "c", "d")
	eventually(t, "raft has no b", func() bool {
		all, err := a.m.node.Members()
		return err == nil && len(all) == 3
	})
	b.stop()
	must(t, a.m.node.HandOverTo(d.m.self()))
	d.leads()
	c.start()
	eventually(t, "c has what d has", func() bool {
		standings, err := d.m.node.Standings(t.Context())
		id := c.m.self().ID
		return err == nil && standings[id].Answers && standings[id].Behind == 0
	})
	eventually(t, "c lists the others", func() bool { return len(c.m.members()) == 3 && c.m.newer.Load() != nil })
}

// A machine has lost its copy: with its vote it could elect one that never had what it has
// acknowledged. It does not start. The first machine likewise: it would begin with nothing.
func TestALostCopyIsRefused(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	for _, s := range []*site{b, a} {
		s.stop()
		for _, part := range []string{storeDir, storeDir + ".log"} {
			must(t, os.RemoveAll(within(s.o.Data, part)))
		}
		wantRefusal(t, s.tryStart(), "cluster_copy_missing")
	}
}

// A start is killed after the machine has become a member, and before it has got a copy: the
// next one waits for it as the first did.
func TestAMachineWaitsForItsCopy(t *testing.T) {
	a := first(t)
	token := a.token()
	b := newSite(t, "b")
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token))
	a.stop()
	for range 2 {
		b.start()
		if b.store.Leads() || len(b.m.members()) != 2 {
			t.Errorf("it leads %v, and knows %v", b.store.Leads(), b.m.members())
		}
		b.stop()
	}
	a.start()
	b.start()
	a.votes("a", "b")
	if _, err := os.Stat(within(b.o.Data, newFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has a copy, and does not know: %v", err)
	}
}

// Recover is killed after it has begun. The store says then that the others are still machines,
// so the server does not start before Recover is run again.
func TestARecoveryIsEnded(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	a.stop()
	b.stop()
	must(t, os.WriteFile(within(b.o.Data, aloneFile), nil, 0o600))
	wantRefusal(t, b.tryStart(), "cluster_recovering")
	for range 2 {
		must(t, Cluster{}.Recover(t.Context(), b.o))
	}
	b.start()
	b.leads()
	b.votes("b")
	// the other one, which does not know, is not let in
	a.start()
	must(t, b.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Record(access.Operator, access.ActionInvite, "", "")
	}))
	if c, err := a.m.port.DialRaft(t.Context(), b.o.Listen); err == nil {
		c.Close()
		t.Error("a machine that was given up is let in")
	}
}

// A machine that the others have removed would make a second cluster. What says that it was
// removed is its copy, or, if it was stopped then, what the others answer.
func TestARemovedMachineDoesNotRecover(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	for _, s := range []*site{b, c} {
		eventually(t, s.o.Name+" has a copy", func() bool {
			begins, err := readBeginning(s.o.Data)
			return begins == nil && err == nil
		})
	}
	c.stop()
	for _, name := range []string{"c", "b"} {
		must(t, Cluster{}.Remove(t.Context(), a.o.Data, name))
	}
	eventually(t, "b knows that it was removed", func() bool {
		me := recordOf(*b.m.list.Load(), b.m.self().ID)
		return me == nil || me.Role == cluster.Leaving
	})
	b.stop()
	for _, s := range []*site{b, c} {
		wantRefusal(t, Cluster{}.Recover(t.Context(), s.o), "cluster_removed")
		must(t, s.tryStart()) // nothing is half done
		s.stop()
	}
}

// A machine that has joined and never ran has nothing to go on with. It is not kept from getting
// its copy.
func TestAMachineWithoutACopyDoesNotRecover(t *testing.T) {
	fresh := newSite(t, "a")
	must(t, Cluster{}.Init(t.Context(), fresh.o))
	wantRefusal(t, Cluster{}.Recover(t.Context(), fresh.o), "cluster_no_copy")
	fresh.start()
	fresh.leads()
	b := newSite(t, "b")
	must(t, Cluster{}.Join(t.Context(), b.o, fresh.o.Listen, fresh.token()))
	wantRefusal(t, Cluster{}.Recover(t.Context(), b.o), "cluster_no_copy")
	b.start()
	fresh.votes("a", "b")
}

// The other machines' links would lead elsewhere than the cluster's. And a directory that has a
// store is not overwritten with another's.
func TestAMachineThatMustNotJoin(t *testing.T) {
	a := newSite(t, "a")
	a.o.URL = "https://door.example.com"
	must(t, Cluster{}.Init(t.Context(), a.o))
	a.start()
	a.leads()
	token := a.token()
	b := newSite(t, "b")
	b.o.URL = "https://other.example.com"
	wantRefusal(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token), "join_other_url")
	b.o.URL = "" // it would go by the address on which it listens
	wantRefusal(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token), "join_other_url")
	must(t, os.MkdirAll(within(b.o.Data, storeDir), 0o700))
	wantRefusal(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token), "join_not_empty")
	must(t, os.Remove(within(b.o.Data, storeDir)))
	taken := newSite(t, "taken")
	l, err := net.Listen("tcp", taken.o.Listen)
	must(t, err)
	defer l.Close()
	wantRefusal(t, Cluster{}.Join(t.Context(), taken.o, a.o.Listen, token), "cannot_listen")
	b.o.URL = a.o.URL
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token))
}

// What listens at the address of the cluster never says a word. The join ends all the same, and has
// left nothing behind that a next try would meet.
func TestAJoinDoesNotWaitForEver(t *testing.T) {
	need.Time(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	a := first(t)
	b := newSite(t, "b")
	token := a.token()
	wantRefusal(t, Cluster{}.Join(t.Context(), b.o, l.Addr().String(), token), "cluster_not_there")
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token))
}

// The public URL was set in the console. A machine that is given none goes by it, and one that is
// given another would not.
func TestAPublicURLOfTheConsole(t *testing.T) {
	a := first(t)
	must(t, a.store.Update(t.Context(), func(tx *store.Tx) error {
		set, err := tx.Settings()
		set.PublicURL = "https://door.example.com"
		return errors.Join(err, tx.PutSettings(set))
	}))
	token := a.token()
	b := newSite(t, "b")
	b.o.URL = "https://other.example.com"
	wantRefusal(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token), "join_other_url")
	b.o.URL = ""
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token))
}

// A machine must not be removed if the others that answer are no majority: nothing could be
// changed any more, the removal included.
func TestARemovalLeavesAMajority(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	c.stop()
	wantRefusal(t, Cluster{}.Remove(t.Context(), a.o.Data, "b"), "cluster_would_stop")
	must(t, Cluster{}.Remove(t.Context(), a.o.Data, "c"))
	a.votes("a", "b")
	must(t, Cluster{}.Remove(t.Context(), a.o.Data, b.o.Name))
	a.votes("a")
	wantRefusal(t, Cluster{}.Remove(t.Context(), a.o.Data, "a"), "machine_last")
}

// Commands are given on a machine that does not lead: the one that does carries them out. Nobody
// leads: nothing is done, and the list is as far as this machine knows.
func TestCommandsAreCarriedOutWhereTheLeadIs(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	if token := b.token(); token == "" {
		t.Error("it has no token")
	}
	lost := b.token()
	if n, err := (Cluster{}).VoidTokens(t.Context(), b.o.Data); err != nil || n != 2 {
		t.Errorf("%d tokens are voided, %v", n, err)
	}
	wantRefusal(t, Cluster{}.Join(t.Context(), newSite(t, "d").o, a.o.Listen, lost), "join_token_unknown")
	all, err := Cluster{}.Machines(t.Context(), b.o.Data)
	must(t, err)
	for _, m := range all {
		if m.Self != (m.Name == "b") || m.Leads != (m.Name == "a") || (m.Answers == nil) != m.Leads {
			t.Errorf("on b, %s is %+v", m.Name, m)
		}
	}
	must(t, Cluster{}.Remove(t.Context(), b.o.Data, "c"))
	a.votes("a", "b")
	eventually(t, "b knows that c is gone", func() bool { return len(b.m.members()) == 2 })
	c.stop()
	a.stop()
	eventually(t, "b knows that nobody leads", func() bool { return b.m.node.LeaderAt().ID == "" })
	_, _, err = Cluster{}.Token(t.Context(), b.o.Data)
	wantRefusal(t, err, "no_majority")
	_, err = Cluster{}.VoidTokens(t.Context(), b.o.Data)
	wantRefusal(t, err, "no_majority")
	wantRefusal(t, Cluster{}.Remove(t.Context(), b.o.Data, "a"), "no_majority")
	if all, err = (Cluster{}).Machines(t.Context(), b.o.Data); err != nil || len(all) != 2 {
		t.Errorf("it lists %v, %v", all, err)
	}
}

// Whoever asks where no server runs, or no cluster is, is told what to do.
func TestCommandsWithoutAServer(t *testing.T) {
	s := newSite(t, "a")
	_, _, err := Cluster{}.Token(context.Background(), s.o.Data)
	wantRefusal(t, err, "cluster_none")
	wantRefusal(t, Cluster{}.Recover(t.Context(), s.o), "cluster_none")
	wantRefusal(t, Cluster{}.Leave(t.Context(), s.o), "cluster_none")
	must(t, Cluster{}.Init(t.Context(), s.o))
	_, _, err = Cluster{}.Token(context.Background(), s.o.Data)
	wantRefusal(t, err, "cluster_stopped")
	wantRefusal(t, Cluster{}.Init(t.Context(), s.o), "cluster_member_already")
}

// The lead moves to a machine just when that is being removed: it cannot take its own vote away,
// so it lets another one lead, which does.
func TestALeadingMachineThatLeaves(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	must(t, a.store.Update(t.Context(), func(tx *store.Tx) error {
		return store.MachinesIn(tx).Remove(access.Operator, a.m.identity.Node())
	}))
	eventually(t, "another one leads, and a is gone", func() bool {
		for _, s := range []*site{b, c} {
			if s.store.Leads() && len(s.m.members()) == 2 {
				all, err := s.m.node.Members()
				return err == nil && len(all) == 2
			}
		}
		return false
	})
}

// A leading machine was stopped half-way, and raft lacks a machine that has joined: it gets its
// copy and its vote again, because the list follows the records.
func TestTheListFollowsTheRecords(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	must(t, a.m.node.Remove(b.m.self().ID))
	wake(a.m.kick)
	eventually(t, "b has a vote again", func() bool {
		all, err := a.m.node.Members()
		return err == nil && len(all) == 2 && all[1].Votes
	})
}

// A machine was upgraded: the leading one says which version it runs now, and not which one it
// had when it joined.
func TestVersionsAreThoseOfNow(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	b.stop()
	b.o.Version = "1.1.0"
	b.start()
	eventually(t, "the version is the new one", func() bool {
		all, err := a.m.States(t.Context())
		return err == nil && len(all) == 2 && all[0].Version == "1.0.0" && all[1].Version == "1.1.0" &&
			all[1].Answers != nil && *all[1].Answers
	})
}
