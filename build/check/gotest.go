package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"doorward/build/need"
)

// An event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build output, where Package is empty
	FailedBuild                   string // of a package that failed because this did not build
	Elapsed                       float64
}

// goTest runs go test -json with args and counts every leaf.
func goTest(ctx context.Context, w io.Writer, args ...string) tally {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // the race detector needs it
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return one("go test", "", err)
	}
	t := tallyEvents(stdout, w)
	if err := cmd.Wait(); err != nil && len(t.failed) == 0 {
		t.fail("go test", stderr.String()+err.Error())
	}
	return t
}

// tallyEvents reads the events of go test -json, writes a line to w as each
// package ends, and returns the sum. A package that fails without a failing
// test (it does not build, it panics, it runs out of time) counts as one failed.
func tallyEvents(r io.Reader, w io.Writer) (all tally) {
	running := map[string]*packageRun{}
	builds := map[string]string{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			switch {
			case e.Action == "build-output":
				builds[e.ImportPath] += e.Output
			case e.Package != "":
				p := running[e.Package]
				if p == nil {
					p = &packageRun{name: e.Package, output: map[string]string{}, result: map[string]string{}}
					running[e.Package] = p
				}
				if p.take(e) {
					t := p.tally(builds[e.FailedBuild])
					fmt.Fprintf(w, "%-4s %s: %s in %.1f s\n", e.Action, e.Package, t, e.Elapsed)
					all.add(t)
					delete(running, e.Package)
				}
			}
		} else if len(bytes.TrimSpace(line)) > 0 {
			fmt.Fprintf(w, "%s\n", bytes.TrimSpace(line))
		}
		if err != nil {
			break
		}
	}
	for name, p := range running {
		p.failed = true
		p.output[""] += name + " did not end\n"
		all.add(p.tally(""))
	}
	return all
}

// A packageRun is the state of one package while its tests run. The package itself
// has the empty name.
type packageRun struct {
	name   string
	failed bool
	tests  []string // in the order in which they began
	output map[string]string
	result map[string]string
}

// take adds one event and reports whether it was the package's last.
func (p *packageRun) take(e event) (ended bool) {
	switch e.Action {
	case "run":
		p.tests = append(p.tests, e.Test)
	case "output":
		p.output[e.Test] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			p.failed = e.Action == "fail"
			return true
		}
		p.result[e.Test] = e.Action
	}
	return false
}

func (p *packageRun) tally(build string) (t tally) {
	for _, test := range p.tests {
		name := p.name + "." + test
		switch result := p.result[test]; {
		case result == "fail" && !p.failedBelow(test), result == "" && p.failed && p.leaf(test):
			t.fail(name, p.output[test])
		case !p.leaf(test):
		case result == "pass":
			t.passed++
		case result == "skip" && (!need.All() || strings.Contains(p.output[test], need.NotHere)):
			t.skip(name, p.output[test])
		case result == "skip":
			t.fail(name, p.output[test]+
				"Only what is not possible on this machine may be skipped: see package build/need.\n")
		}
	}
	for _, test := range p.tests {
		if p.result[test] == "fail" && p.failedBelow(test) {
			t.explain(p.name+"."+test+"/", p.output[test])
		}
	}
	if p.failed && len(t.failed) == 0 {
		t.fail(p.name, build+p.output[""])
	}
	return t
}

func (p *packageRun) leaf(test string) bool {
	return !slices.ContainsFunc(p.tests, func(other string) bool { return strings.HasPrefix(other, test+"/") })
}

func (p *packageRun) failedBelow(test string) bool {
	return slices.ContainsFunc(p.tests, func(other string) bool {
		return strings.HasPrefix(other, test+"/") && p.result[other] == "fail"
	})
}
