package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// wrkReport has wrk print what it counted on one line.
//
//go:embed report.lua
var wrkReport []byte

// A load is the measured load of a server: requests a second, percentiles in
// milliseconds over all requests, and the server's own CPU time for each in
// microseconds.
type load struct {
	rate, p50, p99, cpu float64
	requests            int
}

// loadFor is how long one round of load lasts.
const loadFor = 2 * time.Second

// wrk puts load on the server with that pid, on keep-alive connections. Any
// status above 399 and any broken connection is an error.
func (b *bench) wrk(pid, connections int, url string, headers ...string) (load, error) {
	script := filepath.Join(b.dir, "report.lua")
	if err := os.WriteFile(script, wrkReport, 0o600); err != nil {
		return load{}, err
	}
	args := []string{"-t1", "-c" + strconv.Itoa(connections), "-d" + loadFor.String(), "--latency", "-s", script}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	before, err := cpuOf(pid)
	if err != nil {
		return load{}, err
	}
	out, err := exec.Command("wrk", append(args, url)...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	after, err := cpuOf(pid)
	if err != nil {
		return load{}, err
	}
	l, err := readWrk(string(out))
	l.cpu = (after.own - before.own) / float64(max(l.requests, 1)) * 1e6
	return l, err
}

// readWrk parses the line of report.lua: requests, microseconds, the errors by
// kind, and the percentiles in microseconds.
func readWrk(out string) (load, error) {
	_, line, ok := strings.Cut(out, "RESULT ")
	if !ok {
		return load{}, errors.New("wrk printed no result:\n" + out)
	}
	var n [9]float64
	for i, f := range strings.Fields(line) {
		if i == len(n) {
			break
		}
		var err error
		if n[i], err = strconv.ParseFloat(f, 64); err != nil {
			return load{}, err
		}
	}
	if n[0] == 0 || n[2]+n[3]+n[4]+n[5]+n[6] > 0 {
		return load{}, fmt.Errorf("of %.0f requests not all went well:\n%s", n[0], out)
	}
	return load{rate: n[0] / n[1] * 1e6, p50: n[7] / 1000, p99: n[8] / 1000, requests: int(n[0])}, nil
}
