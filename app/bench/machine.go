package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the kernel's unit of CPU time, in seconds: 1/100 on every Linux that Go
// runs on.
const tick = 0.01

// cpuTime is how long a process, and the processes that it started and waited
// for, used a CPU, in seconds.
type cpuTime struct{ own, children float64 }

func cpuOf(pid int) (cpuTime, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return cpuTime{}, err
	}
	return readStat(string(line))
}

func readStat(line string) (cpuTime, error) {
	f := strings.Fields(line[strings.LastIndexByte(line, ')')+1:]) // from the third field on
	if len(f) < 15 {
		return cpuTime{}, fmt.Errorf("this is no line of /proc/PID/stat: %q", line)
	}
	var t [4]float64
	for i := range t {
		n, err := strconv.ParseFloat(f[11+i], 64)
		if err != nil {
			return cpuTime{}, err
		}
		t[i] = n * tick
	}
	return cpuTime{own: t[0] + t[1], children: t[2] + t[3]}, nil
}

// A footprint is the memory of a process, in bytes: all that is resident, its proportional share
// of that, and what is in no file, so that the system cannot take it back.
type footprint struct{ resident, share, anonymous float64 }

func memoryOf(pid int) (m footprint, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "Rss:":
			m.resident = n * 1024
		case "Pss:":
			m.share = n * 1024
		case "Anonymous:":
			m.anonymous = n * 1024
		}
	}
	if m.resident == 0 || m.share == 0 || m.anonymous == 0 {
		return m, errors.New("the kernel does not tell what the process holds")
	}
	return m, nil
}

// A process is a running process, by its name in the kernel.
type process struct {
	id, parent int
	name       string
}

// processes returns all running processes.
func processes() (map[int]process, error) {
	entries, err := os.ReadDir("/proc")
	all := map[int]process{}
	for _, e := range entries {
		line, gone := os.ReadFile("/proc/" + e.Name() + "/stat")
		if p, ok := readProcess(string(line)); gone == nil && ok {
			all[p.id] = p
		}
	}
	return all, err
}

func readProcess(line string) (p process, ok bool) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return p, false
	}
	p.name = line[open+1 : end]
	var state string
	_, err := fmt.Sscan(line[:open]+line[end+1:], &p.id, &state, &p.parent)
	return p, err == nil && state != "Z" // a zombie has ended
}

// under reports whether p is the process with that id or a descendant of it.
func (p process) under(all map[int]process, id int) bool {
	for ; p.id != 0; p = all[p.parent] {
		if p.id == id {
			return true
		}
	}
	return false
}

func loadAverage() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	return strconv.ParseFloat(first, 64)
}

// strangersTime returns how long each program that this one did not start has
// used a CPU, in seconds. The kernel's own threads are left out: they work for
// the programs that write and draw, which are ours.
func strangersTime() (map[int]float64, error) {
	all, err := processes()
	took := map[int]float64{}
	for _, p := range all {
		if p.under(all, os.Getpid()) || all[p.parent].name == "kthreadd" {
			continue
		}
		if t, gone := cpuOf(p.id); gone == nil {
			took[p.id] = t.own
		}
	}
	return took, err
}

// A watch records what else ran while the figures were taken.
type watch struct {
	began  time.Time
	before float64 // load average
	loads  spread
	known  map[int]float64 // strangersTime at the last look
	others float64         // seconds of CPU that other programs used
	stop   chan struct{}
	ended  chan struct{}
}

func watchMachine() (*watch, error) {
	w := &watch{began: time.Now(), stop: make(chan struct{}), ended: make(chan struct{})}
	var err error
	if w.before, err = loadAverage(); err != nil {
		return nil, err
	}
	if w.known, err = strangersTime(); err != nil {
		return nil, err
	}
	go w.sample()
	return w, nil
}

func (w *watch) sample() {
	defer close(w.ended)
	every := time.NewTicker(5 * time.Second)
	defer every.Stop()
	for {
		select {
		case <-w.stop:
			w.look()
			return
		case <-every.C:
			w.look()
		}
	}
}

// look adds what has happened since the last look. A new process may be one that
// our browser has left behind, and counts from now on.
func (w *watch) look() {
	if l, err := loadAverage(); err == nil {
		w.loads = append(w.loads, l)
	}
	now, err := strangersTime()
	if err != nil {
		return
	}
	for id, t := range now {
		if before, known := w.known[id]; known {
			w.others += max(0, t-before)
		}
	}
	w.known = now
}

// tooBusy is how many CPUs others may use before even ratios mean little: waiting
// for the disk and waiting for a CPU are affected differently.
const tooBusy = 0.25

// report describes the load of the machine in a sentence.
func (w *watch) report() string {
	close(w.stop)
	<-w.ended
	took := time.Since(w.began).Seconds()
	others := w.others / took
	during := "not sampled"
	if len(w.loads) > 0 {
		during = fmt.Sprintf("%.1f (%s)", w.loads.median(), w.loads.ranging(func(v float64) string {
			return fmt.Sprintf("%.1f", v)
		}))
	}
	warning := ""
	if others > tooBusy {
		warning = " That is too much for these figures to be quoted: measure again while nothing else runs."
	}
	return fmt.Sprintf("Measured on %s with %d CPUs (%s, %s/%s) in %.0f s. Load average before: %.1f; during, with "+
		"the measurement itself: %s. Other programs used %.2f CPUs meanwhile.%s",
		time.Now().UTC().
			Format("2006-01-02"), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, took, w.before,
		during, others, warning)
}
