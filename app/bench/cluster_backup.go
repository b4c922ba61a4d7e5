package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// backups measures what a backup of a large store on a machine that does not lead costs those who
// change something at the one that leads. The machines share this one's processors and disk, so that
// any backup here costs something: it is set beside one of a server that has nothing to do with the
// cluster, and has the same data.
func (b *bench) backups(all []*product) (err error) {
	alone, err := b.product("alone")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "of-all")
	if err := errors.Join(all[1].does("backup", file), alone.does("restore", file, "--data", alone.data)); err != nil {
		return err
	}
	if _, err := alone.start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, alone.stop()) }()
	clients, err := newClients(all[0])
	if err != nil {
		return err
	}
	g := &gapped{all: all, clients: clients}
	leader, err := g.settled()
	if err != nil {
		return err
	}
	follower := all[0]
	if follower == leader {
		follower = all[1]
	}
	err = b.backupsOn(g, follower, leader, alone)
	if still, serr := g.settled(); err == nil && (serr != nil || still != leader) {
		return errors.Join(errors.New("another machine leads now"), serr)
	}
	return err
}

// backupsOn invites people at the leading machine, one after the other, during a backup on each of
// these in turn, and without one.
func (b *bench) backupsOn(g *gapped, follower, leader, alone *product) error {
	at := []*product{follower, leader, alone}
	during, without, lasted := make([]spread, len(at)), spread{}, spread{}
	for range b.rounds {
		for i, p := range at {
			took, some, err := b.backupOn(g, leader, p)
			if err != nil {
				return err
			}
			lasted, during[i] = append(lasted, took.Seconds()), append(during[i], some...)
		}
		quiet := make(chan error, 1)
		time.AfterFunc(time.Duration(lasted.median()*float64(time.Second)), func() { quiet <- nil })
		some, err := g.inviteUntil(leader, quiet)
		if err != nil {
			return err
		}
		without = append(without, some...)
	}
	told := func(s spread) string {
		return fmt.Sprintf("p99 %s, p50 %s of %d", milliseconds(s.percentile(99)), milliseconds(s.median()), len(s))
	}
	b.add(figure{
		what: fmt.Sprintf("an invitation at the machine that leads, during a backup of %s members (%.1f s) on one "+
			"that does not", thousands(float64(b.members)), lasted.median()),
		measured: told(during[0]),
		bound: fmt.Sprintf("a backup of another server on the same hardware: %s; on the machine that leads: %s; "+
			"none: %s", told(during[2]), told(during[1]), told(without)),
		target: "p99 < 1.2 of that beside another server's",
		met:    during[0].percentile(99) < 1.2*during[2].percentile(99),
	})
	return nil
}

// backupOn invites during one backup.
func (b *bench) backupOn(g *gapped, leader, p *product) (time.Duration, spread, error) {
	file := filepath.Join(b.dir, "backup")
	began, ended := time.Now(), make(chan error, 1)
	go func() { ended <- p.does("backup", file) }()
	some, err := g.inviteUntil(leader, ended)
	return time.Since(began), some, errors.Join(err, os.Remove(file))
}

// inviteUntil returns how many milliseconds each invitation at the leading machine takes, until something has ended.
func (g *gapped) inviteUntil(leader *product, ended <-chan error) (took spread, err error) {
	for {
		select {
		case err := <-ended:
			return took, err
		default:
		}
		began := time.Now()
		if err := g.clients.invite(leader); err != nil {
			return took, err
		}
		took = append(took, time.Since(began).Seconds()*1000)
	}
}
