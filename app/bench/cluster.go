package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"doorward/backend/access"
)

// cluster measures three machines that keep one store. They share this machine, so what one of
// them does takes from the others. What they are set beside is measured while all three run.
// If one of the parts fails, the others are measured all the same.
func cluster(b *bench) error {
	err := errors.Join(b.clusterSize(), b.verbOfThree())
	all, failed := b.trios()
	if failed != nil {
		return errors.Join(err, failed, stopAll(all))
	}
	return errors.Join(err, b.checkOnLeader(all), b.inviteOnLeader(all), b.gaps(all), stopAll(all))
}

func stopAll(all []*product) (err error) {
	for _, p := range all {
		if p.server != nil && p.server.ProcessState == nil {
			err = errors.Join(err, p.stop())
		}
	}
	return err
}

// trios starts three machines from nothing, a few times, and measures how long that takes.
// It returns the last three.
func (b *bench) trios() (all []*product, err error) {
	var took, alone spread
	for i := range b.rounds {
		if err := stopAll(all); err != nil {
			return nil, err
		}
		p, err := b.product(fmt.Sprintf("alone%d", i))
		if err != nil {
			return nil, err
		}
		if err := startOnce(p, &alone); err != nil {
			return nil, err
		}
		began := time.Now()
		if all, err = b.trio(fmt.Sprintf("%c", 'a'+i)); err != nil {
			return all, err
		}
		took = append(took, time.Since(began).Seconds())
	}
	b.add(figure{
		what:     "three machines from nothing: init and serve; a token and serve on each other; all have a vote",
		measured: seconds(took.median()),
		ranging:  took.ranging(seconds),
		bound:    "a server alone, from nothing " + milliseconds(alone.median()),
		target:   "< 10 s",
		met:      took.percentile(100) < 10,
	})
	return all, nil
}

// trio starts three machines from nothing. It returns when all are ready, and have a copy of
// everything and a vote.
func (b *bench) trio(name string) (all []*product, err error) {
	for _, n := range []string{"1", "2", "3"} {
		p, err := b.product(name + n)
		if err != nil {
			return all, err
		}
		all = append(all, p)
		if err := p.begin(all[0]); err != nil {
			return all, err
		}
	}
	return all, until(patience, func() bool { return whole(all) })
}

// whole reports whether each of these machines is ready, and has a copy of everything and a vote.
func whole(all []*product) bool {
	for _, p := range all {
		if !ready(p.listen) {
			return false
		}
	}
	known, err := all[0].machines()
	n := 0
	for _, m := range known {
		if m.Role == "voter" && (m.Leads || upToDate(m)) {
			n++
		}
	}
	return err == nil && n == len(all)
}

// upToDate reports whether the machine that leads says that another has all that it has.
func upToDate(m access.MachineState) bool {
	return m.Answers != nil && *m.Answers && m.Behind != nil && *m.Behind == 0
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
		if err := p.says(&done, "cluster", "init", "--cluster-listen", port, "--machine", p.name()); err != nil {
			return err
		}
	} else {
		var made struct{ Token string }
		if err := first.says(&made, "cluster", "token"); err != nil {
			return err
		}
		p.env = append(p.env, "DOORWARD_JOIN_TOKEN="+made.Token)
		p.flags = append(p.flags, "--join", first.port, "--cluster-listen", port, "--machine", p.name())
	}
	_, err = p.start()
	return err
}

// name is the machine's name in its cluster.
func (p *product) name() string { return filepath.Base(p.data) }

// machines are those of the cluster, as this one sees them.
func (p *product) machines() (all []access.MachineState, err error) {
	return all, p.saysLines(func() any { all = append(all, access.MachineState{}); return &all[len(all)-1] },
		"cluster", "list")
}

// until waits until something is so.
func until(most time.Duration, ok func() bool) error {
	for end := time.Now().Add(most); !ok(); time.Sleep(10 * time.Millisecond) {
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
	rounds := 2 * b.rounds // it is near its mark
	err = b.checkAs(all[0], cookie, " on the leading machine of three", 0.50, rounds, 64)
	return errors.Join(err, stillLeads(all[0]))
}

// stillLeads returns an error if a machine does not lead any more: what was measured at it was
// another one's, then.
func stillLeads(p *product) error {
	all, err := p.machines()
	for _, m := range all {
		if m.Leads && m.Name == p.name() {
			return nil
		}
	}
	return errors.Join(errors.New("the lead was lost while something was measured: measure again"), err)
}
