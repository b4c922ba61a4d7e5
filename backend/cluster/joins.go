package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"doorward/backend/access"
)

// Joins is what a machine needs to take others into the cluster. Whether it is the one that
// leads is a matter of the Registry: on another, its refusal says where to ask.
type Joins struct {
	Authority func(ctx context.Context) (*Authority, error)
	Registry  Registry

	// Check refuses a machine by what the caller of Join has set up; nil: none.
	Check func(setup []byte) error

	// Bundle returns what else a machine gets that has become a member, at most MaxBundle.
	Bundle func(ctx context.Context, m Member) ([]byte, error)
}

// receiveJoin reads a request to join and answers it. The connection stays an arrival until
// all of the request is here, and makes room for others as one.
func (p *Port) receiveJoin(a *arrival, conn *tls.Conn) {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(p.o.Bounds.JoinWithin)); err != nil {
		return
	}
	member, err := p.answer(a, conn)
	if err == nil {
		p.o.Log.Info("a machine has joined the cluster", "node", member.ID, "name", member.Name,
			"address", member.Address, "from", a.raw.RemoteAddr())
		return
	}
	if leader, there := leaderIn(err); there {
		p.o.Log.Info("a machine that joins was sent to the leading one", "from", a.raw.RemoteAddr(), "leader", leader)
		return
	}
	var e *access.Error
	if !errors.As(err, &e) { // ours
		p.o.Log.Error("a request to join the cluster has failed", "from", a.raw.RemoteAddr(), "err", err)
		return
	}
	p.said.say(p.o.Now(), "a request to join the cluster was refused", "from", a.raw.RemoteAddr(), "err", err)
}

func (p *Port) answer(a *arrival, conn *tls.Conn) (Member, error) {
	r, err := p.decide(a, conn)
	if errors.Is(err, errGone) {
		return Member{}, err
	}
	if err != nil {
		return Member{}, errors.Join(err, writeMessage(conn, answer{Refusal: refusalOf(err)}))
	}
	return r.member, writeMessage(conn, r.answer)
}

// A welcome is how a join ends well.
type welcome struct {
	member Member
	answer answer
}

// errGone is that there is nobody to answer.
var errGone = access.Errorf(access.Invalid, "The request to join did not arrive in time.").WithCode("join_malformed")

func (p *Port) decide(a *arrival, conn net.Conn) (welcome, error) {
	if wait := p.tries.count(a.from); wait > 0 {
		p.failures.count(a.from) // the handshake was work, too
		return welcome{}, access.Countedf(access.TooMany, seconds(wait),
			"Too many requests to join came from this address. Try again in %d second.",
			"Too many requests to join came from this address. Try again in %d seconds.").WithCode("join_too_many")
	}
	text, err := readMessage(conn, maxRequest)
	switch {
	case errors.Is(err, errTooLong):
		return welcome{}, tooLong()
	case err != nil, !p.settle(a):
		return welcome{}, errGone
	}
	if err := conn.SetDeadline(time.Now().Add(2 * p.o.Bounds.JoinWithin)); err != nil {
		return welcome{}, errGone
	}
	r, csr, err := parseJoin(text)
	if err != nil {
		return welcome{}, err
	}
	if !p.beginJoin() {
		return welcome{}, JoinBusy()
	}
	defer p.endJoin()
	ctx, cancel := context.WithTimeout(p.ctx, p.o.Bounds.JoinWithin)
	defer cancel()
	return p.o.Joins.join(ctx, r, csr, p.o.Now)
}

// JoinBusy refuses one request to join too many.
func JoinBusy() error {
	return access.Errorf(access.Unavailable,
		"Other machines are joining the cluster right now. Try again in a moment.").WithCode("join_busy")
}

func (p *Port) beginJoin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.joining >= p.o.Bounds.Joins {
		return false
	}
	p.joining++
	return true
}

func (p *Port) endJoin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.joining--
}

// join makes a machine a member, and then its certificate. If anything fails in between, the
// machine asks again with the same key.
func (j *Joins) join(ctx context.Context, r JoinRequest, csr Request, now func() time.Time) (welcome, error) {
	var joined Member
	var members []Member
	err := j.Registry.Admit(ctx, r.Secret.Hash(), func(a *Admission) error {
		if err := j.admit(r, csr, a, now()); err != nil {
			return err
		}
		joined, members = a.Joined, with(a.Members, a.Joined)
		return nil
	})
	if err != nil {
		return welcome{}, err
	}
	authority, err := j.Authority(ctx)
	if err != nil {
		return welcome{}, err
	}
	cert, err := authority.Issue(csr, now())
	if err != nil {
		return welcome{}, err
	}
	var bundle []byte
	if j.Bundle != nil {
		if bundle, err = j.Bundle(ctx, joined); err != nil {
			return welcome{}, err
		}
	}
	if len(bundle) > MaxBundle {
		return welcome{}, errors.New("the bundle for a machine that joins is too long")
	}
	return welcome{joined, answer{
		Certificate: cert.Raw,
		Node:        joined.ID,
		Members:     members,
		Bundle:      bundle,
	}}, nil
}

// with returns the members with m among them, in the place of an earlier one with its id.
func with(members []Member, m Member) (all []Member) {
	for _, o := range members {
		if o.ID != m.ID {
			all = append(all, o)
		}
	}
	return append(all, m)
}
