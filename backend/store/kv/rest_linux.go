package kv

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// giveBack has the kernel take the pages of the tables in dir. A compaction may
// unmap one at the same time, and something else may come to stand there: so this
// asks for pages to be moved out, which loses none, and never for them to be
// dropped.
func giveBack(dir string) {
	at, err := filepath.Abs(dir)
	if err == nil {
		at, err = filepath.EvalSymlinks(at)
	}
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if from, to, ok := tableAt(lines.Text(), at); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT) // advice: an old kernel does not take it
		}
	}
}

// tableAt reads a line of /proc/self/maps: where a table in dir is mapped.
func tableAt(line, dir string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	name := strings.Index(line, dir+"/")
	if len(fields) < 6 || name < 0 || !strings.HasSuffix(line, ".sst") {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to)
	return from, to, err == nil && n == 2 && from < to
}
