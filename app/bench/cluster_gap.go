package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// gaps measures for how long nothing is acknowledged when the leading machine is killed, and when
// it is told to stop. What is acknowledged are invitations at a machine that stays.
func (b *bench) gaps(all []*product) error {
	var made struct{ Token string }
	if err := all[0].says(&made, "token", "add", "bench", "--role", "Admin"); err != nil {
		return err
	}
	g := gapped{all: all, token: made.Token}
	kills, err := g.measure(4*b.rounds, (*product).kill)
	if err != nil {
		return err
	}
	stops, err := g.measure(b.rounds, (*product).stop)
	if err != nil {
		return err
	}
	worst := kills.percentile(100)
	b.add(figure{
		what:     fmt.Sprintf("no acknowledgement after kill -9 of the leading machine, %d times", len(kills)),
		measured: "p50 " + milliseconds(kills.median()),
		ranging:  kills.ranging(milliseconds),
		target:   "all < 2,000 ms",
		met:      worst < 2000,
	})
	b.add(figure{
		what:     fmt.Sprintf("the same when it is told to stop, and hands the lead over, %d times", len(stops)),
		measured: "p50 " + milliseconds(stops.median()),
		ranging:  stops.ranging(milliseconds),
		target:   "all < 250 ms",
		met:      stops.percentile(100) < 250,
	})
	return nil
}

type gapped struct {
	all   []*product
	token string
	n     int
}

// measure ends the leading machine a number of times, and starts it again.
func (g *gapped) measure(times int, end func(*product) error) (gaps spread, err error) {
	for range times {
		leader, err := g.settled()
		if err != nil {
			return gaps, err
		}
		stays := g.all[0]
		if stays == leader {
			stays = g.all[1]
		}
		gap, err := g.around(stays, func() error { return end(leader) })
		if err != nil {
			return gaps, err
		}
		gaps = append(gaps, gap.Seconds()*1000)
		if _, err := leader.start(); err != nil {
			return gaps, err
		}
	}
	_, err = g.settled()
	return gaps, err
}

// settled waits until one machine leads and the others have everything, and returns that one.
func (g *gapped) settled() (leader *product, err error) {
	err = until(func() bool {
		machines, err := g.all[0].machines()
		equal := 0
		for _, m := range machines {
			if m.Leads {
				leader = g.named(m.Name)
			} else if m.Answers != nil && *m.Answers && m.Behind != nil && *m.Behind == 0 {
				equal++
			}
		}
		return err == nil && equal == len(g.all)-1
	})
	return leader, err
}

func (g *gapped) named(name string) *product {
	for _, p := range g.all {
		if filepath.Base(p.data) == name {
			return p
		}
	}
	return nil
}

// calm is for how long a machine is asked before and after something happens.
const calm = 500 * time.Millisecond

// around returns the longest time without an acknowledgement while something happens.
func (g *gapped) around(stays *product, happen func() error) (longest time.Duration, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	acknowledged := make(chan time.Time, 1<<16)
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			g.n++
			if g.invite(ctx, stays, g.n) {
				acknowledged <- time.Now()
			}
		}
	})
	time.Sleep(calm)
	began := time.Now()
	err = happen()
	for last := began; err == nil; {
		select {
		case at := <-acknowledged:
			if at.After(began) {
				longest, last = max(longest, at.Sub(last)), at
			}
		case <-time.After(patience):
			err = errors.New("nothing is acknowledged any more")
		}
		if last.Sub(began) > longest+calm && last.After(began.Add(calm)) {
			break
		}
	}
	cancel()
	asking.Wait()
	return longest, err
}

func (g *gapped) invite(ctx context.Context, at *product, n int) bool {
	body := strings.NewReader(fmt.Sprintf(`{"email":"m%d@example.com","roles":["Fleet"]}`, n))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.url()+"/api/v1/invitations", body)
	if err != nil {
		return false
	}
	r.Host = strings.TrimPrefix(g.all[0].url(), "http://")
	r.Header.Set("Authorization", "Bearer "+g.token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusCreated
}

// kill ends a server as a power cut does.
func (p *product) kill() error {
	if err := p.server.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	p.server.Wait() // it was killed: an error is expected
	return nil
}
