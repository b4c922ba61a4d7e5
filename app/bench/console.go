package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

//go:embed console.cjs
var consoleScript []byte

const (
	consoleMembers = 100_000
	decisions      = 100
)

// console measures the console's members page with many members, and how soon a
// decision in one console is seen in another.
func console(b *bench) error {
	p, err := b.product("console")
	if err != nil {
		return err
	}
	if err := fill(p.data, consoleMembers); err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.consoleOn(p), p.stop())
}

func (b *bench) consoleOn(p *product) error {
	cookie, err := p.adminsCookie()
	if err != nil {
		return err
	}
	cmd := exec.Command("node", "-", chromium(), p.url(), cookie, strconv.Itoa(b.rounds), strconv.Itoa(decisions))
	cmd.Dir, cmd.Stdin, cmd.Stderr = "app/e2e", bytes.NewReader(consoleScript), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	var told struct {
		Visits    []seen
		Decisions spread
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return err
	}
	if len(told.Visits) != b.rounds || len(told.Decisions) != decisions {
		return fmt.Errorf("%d visits and %d decisions were measured", len(told.Visits), len(told.Decisions))
	}
	var wire, requests, paint, usable, starting spread
	for _, v := range told.Visits {
		wire, requests, paint, usable, starting = append(wire, v.Bytes), append(requests, v.Requests),
			append(paint, v.Paint), append(usable, v.Usable), append(starting, v.Starting)
	}
	what := "console's members page, " + thousands(consoleMembers) + " members"
	b.add(figure{
		what:     what + ", over the wire",
		measured: kilobytes(wire.median()),
		ranging:  wire.ranging(kilobytes),
		target:   "< 120 KB",
		met:      wire.percentile(100) < 120e3,
	})
	b.add(figure{
		what:     "its requests",
		measured: thousands(requests.median()),
		ranging:  requests.ranging(thousands),
		target:   "< 16",
		met:      requests.percentile(100) < 16,
	})
	b.add(figure{
		what:     "its first contentful paint in Chromium",
		measured: milliseconds(paint.median()),
		ranging:  paint.ranging(milliseconds),
		target:   "< 200 ms",
		met:      paint.median() < 200,
	})
	b.add(figure{
		what:     "until its first row is there",
		measured: milliseconds(usable.median()),
		ranging:  usable.ranging(milliseconds),
		target:   "< 300 ms",
		met:      usable.median() < 300,
	})
	b.add(figure{
		what:     "the same, in a browser that is still starting",
		measured: milliseconds(starting.median()),
		ranging:  starting.ranging(milliseconds),
	})
	p99 := told.Decisions.percentile(99)
	b.add(figure{
		what:     "a decision in one console until it is seen in another",
		measured: fmt.Sprintf("p50 %s, p99 %s", milliseconds(told.Decisions.percentile(50)), milliseconds(p99)),
		ranging:  told.Decisions.ranging(milliseconds),
		target:   "p99 < 250 ms",
		met:      p99 < 250,
	})
	return nil
}
