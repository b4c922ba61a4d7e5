package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/replica"
	"doorward/backend/text"
)

// verbOfThree measures the verb that invites, without HTTP, on a store that three machines keep:
// all in this process, over TCP, each with its own directory. It is set beside the same verb on
// one machine.
func (b *bench) verbOfThree() (err error) {
	alone, closeAlone, err := openService(badger.Engine, filepath.Join(b.dir, "verb"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAlone()) }()
	all, leads, err := b.replicas()
	defer func() {
		for _, n := range all {
			err = errors.Join(err, n.Close())
		}
	}()
	if err != nil {
		return err
	}
	three, _, err := openService(func(kv.Config) (kv.Store, error) { return leads, nil }, "")
	if err != nil {
		return err
	}
	for _, by := range []struct {
		clients int
		share   float64
	}{{1, 0.35}, {16, 0.45}} {
		c, err := b.inTurn(by.clients, workload{os.Getpid(), inviting(three)}, workload{os.Getpid(), inviting(alone)})
		if err != nil {
			return err
		}
		b.add(c.figure(fmt.Sprintf("durable invitations on three machines, without HTTP, %d %s", by.clients,
			text.Plural(by.clients, "client")), "on one machine", by.share))
	}
	return nil
}

// openService returns the service on a store in a directory, and what closes that store.
func openService(engine kv.Opener, dir string) (verbs *service.Service, closeStore func() error, err error) {
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open(store.Options{Engine: engine, Dir: dir, Logger: quiet})
	if err != nil {
		return nil, nil, err
	}
	frontend := os.DirFS("frontend")
	catalog, err := messages.Open(frontend)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	emails, err := email.New(frontend, catalog)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	verbs, err = service.New(context.Background(), service.Options{Store: s, Emails: emails,
		PublicURL: "https://door.example.com", Logger: quiet})
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return verbs, s.Close, nil
}

// inviting makes clients that invite one new address at a time.
func inviting(verbs *service.Service) (client func() func(uint64) error) {
	invite := func(n uint64) error {
		to := fmt.Sprintf("invited%d@example.com", n)
		_, err := verbs.Invitations.Invite(context.Background(), access.Operator, service.NewInvitation{
			Email: access.Address{Typed: to, Canonical: to},
			Name:  "Ada Lovelace",
			Roles: []access.RoleName{"Fleet"},
		})
		return err
	}
	return func() func(uint64) error { return invite }
}

// replicas opens three machines, and returns them with the one that leads.
func (b *bench) replicas() (all []*replica.Node, leads *replica.Node, err error) {
	var peers []replica.Peer
	var at []net.Listener
	for _, name := range []string{"one", "two", "three"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		at = append(at, l)
		peers = append(peers, replica.Peer{ID: name, Address: l.Addr().String()})
	}
	found := make(chan *replica.Node, len(peers))
	for i, p := range peers {
		n, err := replica.Open(replica.Options{
			Config:   kv.Config{Dir: filepath.Join(b.dir, "verb"+p.ID), Logger: slog.New(slog.DiscardHandler)},
			Self:     p,
			First:    peers,
			Listener: at[i],
		})
		if err != nil {
			return all, nil, err
		}
		all = append(all, n)
		n.OnLead(func(leads bool) {
			if leads {
				found <- n
			}
		})
	}
	return all, <-found, nil
}

// inviteOnLeader measures invitations over HTTP at the leading machine, in turn with those at a
// server alone, while the three run.
func (b *bench) inviteOnLeader(all []*product) error {
	alone, err := b.product("invitations-alone")
	if err != nil {
		return err
	}
	if _, err := alone.start(); err != nil {
		return err
	}
	return errors.Join(b.inviteBeside(all[0], alone), alone.stop(), stillLeads(all[0]))
}

func (b *bench) inviteBeside(leads, alone *product) error {
	invite, err := leads.adminsInviter()
	if err != nil {
		return err
	}
	beside, err := alone.adminsInviter()
	if err != nil {
		return err
	}
	for _, clients := range []int{1, 16} {
		c, err := b.inTurn(clients, workload{leads.pid(), invite.client}, workload{alone.pid(), beside.client})
		if err != nil {
			return err
		}
		f := c.figure(fmt.Sprintf("durable invitations over HTTP, at the leading machine, %d %s", clients,
			text.Plural(clients, "client")), "at a server alone", 0)
		f.target = ""
		b.add(f)
	}
	return nil
}

// adminsInviter invites as the first Admin, who is made now.
func (p *product) adminsInviter() (inviter, error) {
	v, err := p.admin()
	if err != nil {
		return inviter{}, err
	}
	cookie, err := v.cookie()
	return inviter{p: p, cookie: cookie}, err
}
