package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"os"
	"path/filepath"
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
	for _, want := range []string{"| quick | 1 ms |  |  | < 2 ms | met |",
		"| slow | 3 ms |  |  | < 2 ms | **missed** |", "| only told | 1,234,567 |  |  |  |  |"} {
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
		{"good", "Running 2s test\nRESULT 1000 2000000 0 0 0 0 0 150 900\n", load{
			rate:     500,
			p50:      0.15,
			p99:      0.9,
			requests: 1000,
		}, false},
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

func TestReadProcess(t *testing.T) {
	got, ok := readProcess("42 (Web (a) Pro) S 7 1 1 0 -1 0\n")
	if want := (process{42, 7, "Web (a) Pro"}); !ok || got != want {
		t.Errorf("readProcess = %+v, %t; want %+v", got, ok, want)
	}
	for _, line := range []string{"42 (x", "42 (dead) Z 7 1"} {
		if _, ok := readProcess(line); ok {
			t.Errorf("%q was read", line)
		}
	}
	all := map[int]process{1: {1, 0, "init"}, 7: {7, 1, "window"}, 42: got, 50: {50, 1, "Web"}}
	if !all[42].under(all, 7) || !all[7].under(all, 7) || all[50].under(all, 7) {
		t.Error("a process is under itself and whoever started it, and under nobody else")
	}
}

func TestScreenIsRead(t *testing.T) {
	const wide, high, colours, head = 40, 20, 2, 104
	header := [25]uint32{head, 7, 2, 24, wide, high, 11: 32, 12: 4 * wide, 19: colours}
	var b bytes.Buffer
	binary.Write(&b, binary.BigEndian, header)
	b.Write(make([]byte, head-b.Len()+12*colours+4*wide*high))
	picture := b.Bytes()
	for x := range letters + 1 { // a line of many shades
		picture[head+12*colours+4*(wide*10+20+x)] = byte(x + 1)
	}
	name := filepath.Join(t.TempDir(), "Xvfb_screen0")
	if err := os.WriteFile(name, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &screen{dir: filepath.Dir(name)}
	if err := s.openPixels(); err != nil {
		t.Fatal(err)
	}
	defer s.pixels.Close()
	for in, want := range map[image.Rectangle]bool{
		image.Rect(0, 0, wide, high):  true,
		image.Rect(20, 5, wide, 15):   true,
		image.Rect(0, 0, 20, high):    false,
		image.Rect(0, 11, wide, high): false,
	} {
		if got, err := s.written(in); err != nil || got != want {
			t.Errorf("written(%v) = %t, %v; want %t", in, got, err, want)
		}
	}
}
