package main

import (
	"strings"
	"testing"
)

func TestPercentile(t *testing.T) {
	hundred := spread{}
	for i := 100; i > 0; i-- {
		hundred = append(hundred, float64(i))
	}
	tests := []struct {
		name string
		s    spread
		p    float64
		want float64
	}{
		{"nothing", nil, 50, 0},
		{"one", spread{7}, 99, 7},
		{"the middle of three", spread{3, 1, 2}, 50, 2},
		{"the lower middle of four", spread{4, 3, 2, 1}, 50, 2},
		{"ninety-nine of a hundred", hundred, 99, 99},
		{"the highest", hundred, 100, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.s.percentile(tt.p); got != tt.want {
				t.Errorf("percentile(%v) = %v, want %v", tt.p, got, tt.want)
			}
		})
	}
}

func TestPrintTable(t *testing.T) {
	var b strings.Builder
	printTable(&b, []figure{
		{what: "quick", measured: "1 ms", target: "< 2 ms", met: true},
		{what: "slow", measured: "3 ms", target: "< 2 ms"},
		{what: "only told", measured: thousands(1234567)},
	})
	for _, want := range []string{"| quick | 1 ms |  |  | < 2 ms | met |", "| slow | 3 ms |  |  | < 2 ms | **missed** |", "| only told | 1,234,567 |  |  |  |  |"} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("no line %q in\n%s", want, &b)
		}
	}
}

func TestReadWrk(t *testing.T) {
	tests := []struct {
		name, out string
		want      load
		fails     bool
	}{
		{"good", "Running 2s test\nRESULT 1000 2000000 0 0 0 0 0 150 900\n", load{rate: 500, p50: 0.15, p99: 0.9, requests: 1000}, false},
		{"refused answers", "RESULT 1000 2000000 0 0 0 0 3 150 900\n", load{}, true},
		{"broken connections", "RESULT 1000 2000000 1 0 0 0 0 150 900\n", load{}, true},
		{"nothing answered", "RESULT 0 2000000 0 0 0 0 0 0 0\n", load{}, true},
		{"no result", "unable to connect\n", load{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readWrk(tt.out)
			if (err != nil) != tt.fails || got != tt.want {
				t.Errorf("readWrk = %+v, %v; want %+v, failing %v", got, err, tt.want, tt.fails)
			}
		})
	}
}

func TestReadStat(t *testing.T) {
	got, err := readStat("42 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 150 50 30 20 20 0\n")
	if want := (cpuTime{own: 2, children: 0.5}); err != nil || got != want {
		t.Errorf("readStat = %+v, %v; want %+v", got, err, want)
	}
	if _, err := readStat("42 (x) S 1"); err == nil {
		t.Error("a cut line was read")
	}
}
