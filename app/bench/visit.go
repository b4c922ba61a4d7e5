package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
)

// visitScript opens pages in Chromium with an empty cache, through the
// Playwright of app/e2e.
//
//go:embed visit.cjs
var visitScript []byte

// A seen is one visit: bytes of all responses as transferred, the number of
// requests, and milliseconds to the first contentful paint.
type seen struct {
	Bytes    float64 `json:"bytes"`
	Requests float64 `json:"requests"`
	Paint    float64 `json:"paint"`
	Usable   float64 `json:"usable"`   // milliseconds to the first row of a list
	Starting float64 `json:"starting"` // the same, or the paint of /login, while the browser starts
}

// visit measures a first visit of the sign-in page.
func visit(b *bench) error {
	p, err := b.product("visit")
	if err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.visitOn(p), p.stop())
}

func (b *bench) visitOn(p *product) error {
	if _, err := p.admin(); err != nil {
		return err
	}
	plain := httptest.NewServer(http.HandlerFunc(barePage))
	defer plain.Close()
	all, err := look(2*b.rounds, p.url()+"/login", plain.URL)
	if err != nil {
		return err
	}
	var wire, requests, paint, starting, barePaint, over spread
	for i, v := range all[0] {
		wire, requests, paint, starting = append(wire, v.Bytes), append(requests, v.Requests), append(paint, v.Paint),
			append(starting, v.Starting)
		barePaint, over = append(barePaint, all[1][i].Paint), append(over, v.Paint-all[1][i].Paint)
	}
	b.add(figure{
		what:     "first visit of /login, over the wire",
		measured: kilobytes(wire.median()),
		ranging:  wire.ranging(kilobytes),
		target:   "< 30 KB",
		met:      wire.percentile(100) < 30e3,
	})
	b.add(figure{
		what:     "its requests",
		measured: thousands(requests.median()),
		ranging:  requests.ranging(thousands),
		target:   "≤ 3",
		met:      requests.percentile(100) <= 3,
	})
	b.add(figure{
		what:     "its first contentful paint in Chromium",
		measured: milliseconds(paint.median()),
		ranging:  paint.ranging(milliseconds),
		bound: fmt.Sprintf("a page of two words without a style sheet %s: %s more", milliseconds(barePaint.median()),
			milliseconds(over.median())),
		target: "< 100 ms",
		met:    paint.median() < 100,
	})
	b.add(figure{
		what:     "the same, in a browser that is still starting",
		measured: milliseconds(starting.median()),
		ranging:  starting.ranging(milliseconds),
	})
	return nil
}

// barePage is about the least that a browser can paint.
func barePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, "<!doctype html><title>Sign in</title><p>Sign in")
}

// chromium is the browser's path: $CHROMIUM, or the system's.
func chromium() string {
	at := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser"} {
		if at == "" {
			at, _ = exec.LookPath(name)
		}
	}
	return at
}

// look visits the pages in turn, this many times, and returns the visits of each.
func look(times int, urls ...string) (all [][]seen, err error) {
	cmd := exec.Command("node", append([]string{"-", chromium(), strconv.Itoa(times)}, urls...)...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = "app/e2e", bytes.NewReader(visitScript), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	err = json.Unmarshal(out, &all)
	if err == nil && len(all) != len(urls) {
		err = fmt.Errorf("%d pages of %d were visited", len(all), len(urls))
	}
	for _, visits := range all {
		if err == nil && len(visits) != times {
			err = fmt.Errorf("%d visits of %d were measured", len(visits), times)
		}
	}
	return all, err
}
