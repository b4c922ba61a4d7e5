package main

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// gaps measures for how long nothing is acknowledged when the leading machine is killed, and when
// it is told to stop, and what becomes of what was acknowledged and of GETs meanwhile. Sixteen
// clients invite at the two machines that stay.
func (b *bench) gaps(all []*product) error {
	clients, err := newClients(all[0])
	if err != nil {
		return err
	}
	g := gapped{all: all, clients: clients}
	kills, err := g.measure(4*b.rounds, (*product).kill)
	if err != nil {
		return err
	}
	stops, err := g.measure(4*b.rounds, (*product).stop)
	if err != nil {
		return err
	}
	lost, err := g.clients.lost(all[0])
	if err != nil {
		return err
	}
	b.add(kills.figure("no acknowledgement under 16 clients after kill -9 of the leading machine",
		"all < 2,000 ms, p50 < 1,600 ms", 1600, 2000))
	b.add(stops.figure("the same when it is told to stop, and hands the lead over", "all < 250 ms", 250, 250))
	b.add(figure{
		what:     "GETs that failed meanwhile, at the machines that stay",
		measured: fmt.Sprintf("%d of %s", stops.failed, thousands(float64(stops.asked))),
		bound:    fmt.Sprintf("around the kills %d of %s", kills.failed, thousands(float64(kills.asked))),
		target:   "0",
		met:      stops.failed == 0,
	})
	b.add(figure{
		what:     "acknowledged before, during and after all that, and not there at the end",
		measured: fmt.Sprintf("%d of %s", lost, thousands(float64(len(g.clients.kept)))),
		target:   "0",
		met:      lost == 0,
	})
	return nil
}

// A gapped is three machines of which the leading one ends again and again.
type gapped struct {
	all     []*product
	clients *clients
}

// outages are what happened around some ends of the leading machine.
type outages struct {
	gaps, calm    spread // the longest pause between two acknowledgements: then, and just before
	asked, failed int    // GETs
}

// figure is that of the gaps; their median is to be below half, and the longest below most.
func (o *outages) figure(what, target string, half, most float64) figure {
	return figure{
		what:     fmt.Sprintf("%s, %d times", what, len(o.gaps)),
		measured: "p50 " + milliseconds(o.gaps.median()),
		ranging:  o.gaps.ranging(milliseconds),
		bound: fmt.Sprintf("longest pause in the half second before: p50 %s (%s)", milliseconds(o.calm.median()),
			o.calm.ranging(milliseconds)),
		target: target,
		met:    o.gaps.median() < half && o.gaps.percentile(100) < most,
	}
}

// measure ends the leading machine a number of times, and starts it again.
func (g *gapped) measure(times int, end func(*product) error) (o outages, err error) {
	for range times {
		leader, err := g.settled()
		if err != nil {
			return o, err
		}
		var stay []*product
		for _, p := range g.all {
			if p != leader {
				stay = append(stay, p)
			}
		}
		if err := g.around(&o, stay, func() error { return end(leader) }); err != nil {
			return o, err
		}
		if _, err := leader.start(); err != nil {
			return o, err
		}
	}
	_, err = g.settled()
	return o, err
}

// settled waits until one machine leads and the others have everything, and returns that one.
func (g *gapped) settled() (leader *product, err error) {
	err = until(patience, func() bool {
		machines, err := g.all[0].machines()
		equal := 0
		for _, m := range machines {
			if m.Leads {
				leader = g.named(m.Name)
			} else if upToDate(m) {
				equal++
			}
		}
		return err == nil && equal == len(g.all)-1
	})
	return leader, err
}

func (g *gapped) named(name string) *product {
	for _, p := range g.all {
		if p.name() == name {
			return p
		}
	}
	return nil
}

// calm is for how long machines are asked before and after something happens.
const calm = 500 * time.Millisecond

// around adds what is acknowledged while something happens.
func (g *gapped) around(o *outages, stay []*product, happen func() error) error {
	all := g.clients.begin(stay)
	defer all.end()
	time.Sleep(calm)
	p := pauses{began: time.Now()}
	if err := happen(); err != nil {
		return err
	}
	ended := time.Now()
	for !p.over(ended) {
		select {
		case at := <-all.acknowledged:
			p.note(at)
		case <-time.After(patience):
			return errors.New("nothing is acknowledged any more")
		}
	}
	all.end()
	o.gaps = append(o.gaps, p.longest.Seconds()*1000)
	o.calm = append(o.calm, p.before.Seconds()*1000)
	o.asked += all.asked
	o.failed += all.failed
	return nil
}

// pauses are the longest times without an acknowledgement, before something began and since.
type pauses struct {
	began           time.Time
	before, longest time.Duration
	last            time.Time // acknowledgement
}

func (p *pauses) note(at time.Time) {
	switch {
	case at.After(p.began) && p.last.After(p.began):
		p.longest = max(p.longest, at.Sub(p.last))
	case at.After(p.began):
		p.longest = at.Sub(p.began)
	case !p.last.IsZero():
		p.before = max(p.before, at.Sub(p.last))
	}
	p.last = at
}

// over reports whether it is calm again: for a while, as long as before it began, there were
// acknowledgements after what happened has ended, and after the longest pause.
func (p *pauses) over(ended time.Time) bool {
	return p.last.Sub(p.began) > p.longest+calm && p.last.After(ended.Add(calm))
}

// kill ends a server as a power cut does.
func (p *product) kill() error {
	if err := p.server.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	p.server.Wait() // it was killed: an error is expected
	return nil
}
