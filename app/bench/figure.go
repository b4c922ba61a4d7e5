package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A figure is one line of the table.
type figure struct {
	what     string
	measured string
	ranging  string // lowest to highest of the rounds
	bound    string // what it is compared with, measured in the same run
	target   string // empty: none, the figure is only reported
	met      bool
}

func (f figure) verdict() string {
	switch {
	case f.target == "":
		return ""
	case f.met:
		return "met"
	}
	return "**missed**"
}

func printTable(w io.Writer, all []figure) {
	fmt.Fprintln(w, "| what | measured | range | set beside, in the same run | target | |")
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|---|")
	for _, f := range all {
		fmt.Fprintf(w, "| %s |\n",
			strings.Join([]string{f.what, f.measured, f.ranging, f.bound, f.target, f.verdict()}, " | "))
	}
}

// spread is the results of one measurement's rounds.
type spread []float64

func (s spread) median() float64 { return s.percentile(50) }

// percentile returns the nearest rank, so always a measured value.
func (s spread) percentile(p float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(p / 100 * float64(len(sorted)))
	if float64(rank) < p/100*float64(len(sorted)) {
		rank++
	}
	return sorted[max(rank, 1)-1]
}

// ranging returns the lowest and the highest, formatted by write.
func (s spread) ranging(write func(float64) string) string {
	if len(s) == 0 {
		return ""
	}
	return write(slices.Min(s)) + " to " + write(slices.Max(s))
}

func milliseconds(v float64) string {
	if -10 < v && v < 10 {
		return fmt.Sprintf("%.2f ms", v)
	}
	return fmt.Sprintf("%.0f ms", v)
}

func seconds(v float64) string { return fmt.Sprintf("%.1f s", v) }

func megabytes(v float64) string { return fmt.Sprintf("%.1f MB", v/1e6) }

func kilobytes(v float64) string { return fmt.Sprintf("%.1f KB", v/1e3) }

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

func perSecond(v float64) string { return thousands(v) + "/s" }

func microseconds(v float64) string { return fmt.Sprintf("%.0f µs", v) }

// thousands formats a whole number with commas.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
