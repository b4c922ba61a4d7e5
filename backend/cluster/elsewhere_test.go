package cluster

import (
	"context"
	"net"
	"testing"

	"doorward/backend/access"
)

// A follower is the Registry of a machine that does not lead: it knows the tokens, and where
// to ask.
type follower struct {
	*registry
	leader func() string
}

func (f follower) Admit(ctx context.Context, hash access.SecretHash, decide func(*Admission) error) error {
	return f.registry.Admit(ctx, hash, func(a *Admission) error {
		if a.Token == nil {
			return decide(a)
		}
		return Elsewhere(f.leader())
	})
}

func (w *world) follower(name, leader string) *site {
	joins := *w.joins
	joins.Registry = follower{w.registry, func() string { return leader }}
	return w.machine(name, func(o *Options) { o.Joins = &joins })
}

// An operator gives the address of any machine. One that does not lead says which one does,
// and the new machine asks there, with the same key: it is one member more, not two.
func TestAMachineIsSentToTheOneThatLeads(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	b := w.follower("b", a.Addr().String())
	c := w.follower("c", b.Addr().String()) // which has heard of no newer one
	m := the(w.join(c.Addr(), w.token()))(t)
	if all := w.registry.list(); len(all) != 4 || all[3].ID != m.Node() {
		t.Errorf("the members are %v", all)
	}
}

// Whoever has no token does not learn from a machine that does not lead which one does.
func TestStrangersAreSentNowhere(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	b := w.follower("b", a.Addr().String())
	_, err := w.join(b.Addr(), NewToken(w.authority))
	wants(t, err, "join_token_unknown")
}

// Two machines send each other whoever comes, or none leads: the try ends, and can be made
// again with the same token.
func TestBeingSentAboutEnds(t *testing.T) {
	w := newWorld(t)
	l := the(net.Listen("tcp", "127.0.0.1:0"))(t)
	b := w.follower("b", l.Addr().String())
	joins := *w.joins
	joins.Registry = follower{w.registry, func() string { return b.Addr().String() }}
	w.machine("c", func(o *Options) { o.Joins, o.Listener = &joins, l })
	token := w.token()
	_, err := w.join(b.Addr(), token)
	wants(t, err, "join_elsewhere")

	nobody := w.follower("d", "")
	_, err = w.join(nobody.Addr(), token)
	wants(t, err, "join_no_leader")

	a := w.machine("a")
	the(w.join(a.Addr(), token))(t)
}
