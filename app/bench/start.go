package main

import (
	"errors"
	"os"
	"strconv"
	"time"
)

// size measures the static program.
func size(b *bench) error {
	info, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	n := float64(info.Size())
	b.add(figure{what: "static program", measured: megabytes(n), target: "< 30 MB", met: n < 30e6})
	return nil
}

// start measures the time from exec to the first 200 on /readyz: on a directory
// that does not exist yet, and on an empty store.
func start(b *bench) error {
	var first, empty spread
	for i := range b.rounds {
		p, err := b.product("start" + strconv.Itoa(i))
		if err != nil {
			return err
		}
		for _, s := range []*spread{&first, &empty} {
			if err := startOnce(p, s); err != nil {
				return err
			}
		}
	}
	b.add(figure{
		what:     "exec to the first 200 on /readyz, empty store",
		measured: milliseconds(empty.median()),
		ranging:  empty.ranging(milliseconds),
		target:   "< 60 ms",
		met:      empty.median() < 60,
	})
	b.add(figure{
		what:     "the same, where the store has to be made",
		measured: milliseconds(first.median()),
		ranging:  first.ranging(milliseconds),
	})
	return nil
}

func startOnce(p *product, to *spread) error {
	took, err := p.start()
	if err != nil {
		return err
	}
	*to = append(*to, took.Seconds()*1000)
	return p.stop()
}

// idle is how long a server is left alone before its memory is measured.
const idle = 5 * time.Second

// memory measures an idle server on an empty store.
func memory(b *bench) error {
	var rss, pss spread
	for i := range min(b.rounds, 3) {
		p, err := b.product("memory" + strconv.Itoa(i))
		if err != nil {
			return err
		}
		if err := idleMemory(p, &rss, &pss); err != nil {
			return err
		}
	}
	b.add(figure{
		what:     "idle memory on an empty store, resident",
		measured: megabytes(rss.median()),
		ranging:  rss.ranging(megabytes),
		target:   "< 40 MB",
		met:      rss.median() < 40e6,
	})
	b.add(figure{
		what:     "of it the program's own share (PSS)",
		measured: megabytes(pss.median()),
		ranging:  pss.ranging(megabytes),
	})
	return nil
}

func idleMemory(p *product, rss, pss *spread) error {
	if _, err := p.start(); err != nil {
		return err
	}
	time.Sleep(idle)
	m, err := memoryOf(p.pid())
	*rss, *pss = append(*rss, m.resident), append(*pss, m.share)
	return errors.Join(err, p.stop())
}
