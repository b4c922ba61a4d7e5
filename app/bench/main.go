// Command bench measures Doorward and prints a table for docs/performance.md.
//
// It builds the program as it is shipped and drives it from outside: over HTTP,
// through the command line, in Chromium. Where a figure means little without
// the limit of the machine it runs on (bare Badger, a bare Fiber handler), that
// limit is measured in the same run, in turn with it, round by round: when
// something else is busy on the machine both slow down, and the ratio stands.
// Each figure is the median of its rounds, with the lowest and the highest;
// percentiles are of all requests. What misses its target is printed as missed.
//
// The load is made by wrk, or by a plain client in this process; both share the
// machine with the server.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A part is a group of figures that are measured together.
type part struct {
	name    string
	measure func(*bench) error
}

var parts = []part{
	{"size", size},
	{"start", start},
	{"memory", memory},
	{"invitations", invitations},
	{"check", check},
	{"bulk", bulk},
	{"enumeration", enumeration},
	{"hostile", hostile},
	{"visit", visit},
	{"console", console},
	{"million", million},
	{"window", window},
	{"cluster", cluster},
	{"cluster-million", clusterMillion},
}

// apart are measured only if they are named: they have a target of their own, make bench-cluster.
var apart = []string{"cluster", "cluster-million"}

// A bench is one run.
type bench struct {
	dir     string // for all files
	program string
	rounds  int
	members int
	figures []figure
}

func (b *bench) add(f figure) { b.figures = append(b.figures, f) }

// tell reports the progress of the run.
func tell(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func main() {
	only := flag.String("only", "", "measure only these, by comma: "+strings.Join(names(), ", "))
	b := &bench{}
	flag.IntVar(&b.rounds, "rounds", 5, "how often each thing is measured")
	flag.IntVar(&b.members, "members", 1_000_000, "how many members the large store has")
	under := flag.String("dir", os.TempDir(), "where the stores are made; a real disk, or commits cost nothing")
	bare := flag.Bool("bare", false, "only be the bare handler that figures are set beside")
	flag.Parse()
	if *bare {
		fail(serveBare())
		return
	}
	chosen, err := choose(*only)
	fail(err)
	fail(b.run(*under, chosen))
}

func names() (all []string) {
	for _, p := range parts {
		all = append(all, p.name)
	}
	return all
}

func choose(only string) ([]part, error) {
	if only == "" {
		return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return slices.Contains(apart, p.name) }), nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.Index(names(), strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("there is nothing called %q to measure; there are: %s", name,
				strings.Join(names(), ", "))
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

func fail(err error) {
	if err != nil {
		tell("bench: %v", err)
		os.Exit(1)
	}
}

// run measures the parts and prints the table, also when one of them failed.
func (b *bench) run(under string, chosen []part) (err error) {
	if b.dir, err = os.MkdirTemp(under, "dwbench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	around, err := watchMachine()
	if err != nil {
		return err
	}
	if err := b.build(); err != nil {
		return err
	}
	var errs []error
	for _, p := range chosen {
		began := time.Now()
		if err := p.measure(b); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
		}
		tell("%s: %.0f s", p.name, time.Since(began).Seconds())
	}
	printTable(os.Stdout, b.figures)
	fmt.Printf("\n%s\n", around.report())
	return errors.Join(errs...)
}
