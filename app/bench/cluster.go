package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"doorward/backend/access"
)

// cluster measures three machines that keep one store. They share this machine, so what one of
// them does takes from the others; in its bound, too, is what all three do for one request.
func cluster(b *bench) error {
	all, err := b.trio()
	if err != nil {
		return errors.Join(err, stopAll(all))
	}
	err = errors.Join(b.checkOnLeader(all), b.gaps(all))
	return errors.Join(err, stopAll(all), b.backups())
}

func stopAll(all []*product) (err error) {
	for _, p := range all {
		if p.server != nil && p.server.ProcessState == nil {
			err = errors.Join(err, p.stop())
		}
	}
	return err
}

// trio starts three machines from nothing, and measures how long that takes: from the first
// command until all have a copy of everything and a vote, and are ready.
func (b *bench) trio() (all []*product, err error) {
	began := time.Now()
	for _, name := range []string{"first", "second", "third"} {
		p, err := b.product(name)
		if err != nil {
			return all, err
		}
		all = append(all, p)
		if err := p.begin(all[0]); err != nil {
			return all, err
		}
	}
	if err := until(func() bool { return all[0].voters() == len(all) }); err != nil {
		return all, err
	}
	took := time.Since(began).Seconds()
	b.add(figure{
		what:     "three machines from nothing: init and serve; a token and serve on each other",
		measured: fmt.Sprintf("%.1f s", took),
		target:   "< 10 s",
		met:      took < 10,
	})
	return all, nil
}

// begin makes a machine the first of a cluster, or has it join that of the first, and starts it.
func (p *product) begin(first *product) error {
	port, err := freeAddress()
	if err != nil {
		return err
	}
	p.flags = []string{"--url", first.url()}
	p.port = port
	if p == first {
		var done any
		if err := p.says(&done, "cluster", "init", "--cluster-listen", port, "--machine",
			filepath.Base(p.data)); err != nil {
			return err
		}
	} else {
		var made struct{ Token string }
		if err := first.says(&made, "cluster", "token"); err != nil {
			return err
		}
		p.env = append(p.env, "DOORWARD_JOIN_TOKEN="+made.Token)
		p.flags = append(p.flags, "--join", first.port, "--cluster-listen", port, "--machine", filepath.Base(p.data))
	}
	_, err = p.start()
	return err
}

// machines are those of the cluster, as this one sees them.
func (p *product) machines() (all []access.MachineState, err error) {
	return all, p.saysLines(func() any { all = append(all, access.MachineState{}); return &all[len(all)-1] },
		"cluster", "list")
}

// voters is how many machines have a vote; zero if that cannot be told now.
func (p *product) voters() (n int) {
	all, err := p.machines()
	for _, m := range all {
		if err == nil && m.Role == "voter" {
			n++
		}
	}
	return n
}

// until waits until something is so.
func until(ok func() bool) error {
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the machines do not become what they should be")
		}
	}
	return nil
}

// checkOnLeader measures what it costs the leading machine to make sure that it leads.
func (b *bench) checkOnLeader(all []*product) error {
	v, err := all[0].member("ada@example.com")
	if err != nil {
		return err
	}
	cookie, err := v.cookie()
	if err != nil {
		return err
	}
	return b.checkAs(all[0], cookie, " on the leading machine of three", 0.50, 64)
}
