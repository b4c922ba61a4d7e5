package fsck

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The commits of the golden log are read as they were written: three, numbered without
// gaps, each complete.
func TestGoldenLogIsRead(t *testing.T) {
	logs, err := filepath.Glob("testdata/v*/*.mem")
	if err != nil || len(logs) != 1 {
		t.Fatalf("the logs are %q, %v", logs, err)
	}
	p, err := probeLog(logs[0], false)
	if err != nil || p.last-p.first != 2 {
		t.Errorf("the log holds the commits %+v, %v", p, err)
	}
	log, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	log = bytes.TrimRight(log, "\x00")
	if end, last := wholeCommits(log); last != p.last || end < len(log) {
		t.Errorf("whole to byte %d of %d, commit %d", end, len(log), last)
	}
	if end, last := wholeCommits(log[:len(log)-1]); last != p.last-1 || end >= len(log)-1 {
		t.Errorf("without its last byte the log is whole to %d, commit %d", end, last)
	}
}

// The golden list of tables names the one table.
func TestGoldenManifestIsRead(t *testing.T) {
	dirs, err := filepath.Glob("testdata/v*")
	if err != nil || len(dirs) != 1 {
		t.Fatalf("the golden files are in %q, %v", dirs, err)
	}
	levels, err := readManifest(dirs[0])
	if err != nil || len(levels) != 1 {
		t.Errorf("the list has %v, %v", levels, err)
	}
}
