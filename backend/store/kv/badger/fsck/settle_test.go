package fsck

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/backend/store/kv"
)

// The log of the golden files, in pieces: one for each of its three commits.
func goldenCommits(t *testing.T) (head []byte, commits [][]byte, first uint64) {
	t.Helper()
	logs, err := filepath.Glob("testdata/v*/*.mem")
	if err != nil || len(logs) != 1 {
		t.Fatalf("the logs are %q, %v", logs, err)
	}
	log, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	begins := logHeader
	for at := logHeader; at < len(log); {
		r, ok := readRecord(log[at:])
		if !ok {
			t.Fatalf("no record at byte %d", at)
		}
		if at += r.size; r.last {
			commits, begins = append(commits, log[begins:at]), at
			if len(commits) == 1 {
				first = r.commit
			}
		}
	}
	if len(commits) != 3 {
		t.Fatalf("the log has %d commits", len(commits))
	}
	return log[:logHeader], commits, first
}

// A power cut left any part of the logs: what stays is what has no gap before it.
func TestSettle(t *testing.T) {
	head, commits, first := goldenCommits(t)
	all := func(numbers ...int) []byte {
		log := bytes.Clone(head)
		for _, n := range numbers {
			log = append(log, commits[n-1]...)
		}
		return log
	}
	torn := func(n int) []byte { return append(all(n)[:logHeader+9], make([]byte, 30)...) }
	gap := append(append(all(1), make([]byte, 50)...), commits[2]...)
	tests := []struct {
		name string
		logs map[string][]byte
		last int    // of the three commits
		left string // the logs
	}{
		{"whole", map[string][]byte{"00001": all(1, 2, 3)}, 3, "00001"},
		{"whole, in three", map[string][]byte{"00001": all(1), "00002": all(2), "03": all(3)}, 3, "00001 00002 03"},
		{"a longer number", map[string][]byte{"99999": all(1), "100000": all(2, 3)}, 3, "100000 99999"},
		{"the end is missing", map[string][]byte{"00001": all(1, 2)}, 2, "00001"},
		{"the beginning is missing", map[string][]byte{"00001": append(make([]byte, 90), all(2, 3)...)}, 0, "00001"},
		{"a gap in the middle", map[string][]byte{"00001": gap}, 1, "00001"},
		{"the first is torn", map[string][]byte{"00001": torn(1), "00002": all(2, 3)}, 0, "00001"},
		{"the second is torn", map[string][]byte{"00001": all(1), "00002": torn(2), "00003": all(3)}, 1, "00001 00002"},
		{"the second is empty", map[string][]byte{"00001": all(1), "00002": {}, "00003": all(3)}, 1, "00001 00002"},
		{"the second is gone", map[string][]byte{"00001": all(1), "00003": all(3)}, 1, "00001"},
		{"all are gone", nil, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := withLogs(t, tt.logs)
			want := first - 1 + uint64(tt.last)
			if last, err := Settle(dir, want+1); !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("a commit that was on the disk is missing: %d, %v", last, err)
			}
			if names := logNames(t, dir); len(strings.Fields(names)) != len(tt.logs) {
				t.Errorf("although it is damaged, only %s is left", names)
			}
			if last, err := Settle(dir, want); last != want || err != nil {
				t.Errorf("commits are left up to %d, %v, want %d", last, err, want)
			}
			if names := logNames(t, dir); names != tt.left {
				t.Errorf("the logs %q are left, want %q", names, tt.left)
			}
		})
	}
}

// withLogs is a copy of the golden files with other logs.
func withLogs(t *testing.T, logs map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	from, err := filepath.Glob("testdata/v*")
	if err != nil || len(from) != 1 {
		t.Fatalf("the golden files are in %q, %v", from, err)
	}
	if err := os.CopyFS(dir, os.DirFS(from[0])); err != nil {
		t.Fatal(err)
	}
	old, err := Files(dir, ".mem")
	for _, log := range old {
		err = errors.Join(err, os.Remove(log))
	}
	for name, data := range logs {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name+".mem"), data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func logNames(t *testing.T, dir string) string {
	t.Helper()
	logs, err := Files(dir, ".mem")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, log := range logs {
		names = append(names, strings.TrimSuffix(filepath.Base(log), ".mem"))
	}
	return strings.Join(names, " ")
}

// A log has become a table, is torn by a power cut, and its removal is undone: the table has
// it all.
func TestATornLogThatIsATable(t *testing.T) {
	log := func(first, last uint64) probedLog {
		return probedLog{path: fmt.Sprint(first), first: first, last: last}
	}
	tables := []*probed{{listed: true, newest: 40}, {listed: true, newest: 100}, {newest: 200}}
	tests := []struct {
		logs   []probedLog
		last   uint64
		behind int
	}{
		{nil, 100, 0},
		{[]probedLog{log(41, 60)}, 100, 0},
		{[]probedLog{log(41, 60), log(101, 120)}, 120, 0},
		{[]probedLog{log(101, 120), log(41, 60)}, 120, 0},
		{[]probedLog{log(41, 60), log(102, 120)}, 100, 1},
		{[]probedLog{log(41, 60), log(101, 110), log(112, 120), log(121, 130)}, 110, 2},
	}
	for _, tt := range tests {
		if last, behind := unbroken(tables, tt.logs); last != tt.last || len(behind) != tt.behind {
			t.Errorf("%+v: unbroken to %d, and %d logs behind, want %d and %d", tt.logs, last, len(behind), tt.last,
				tt.behind)
		}
	}
}
