package window

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// shrink lets go of the program's own pages that only its start needed; what is
// used comes back from the page cache. Mappings that this process has written to
// are left alone: of them there is no other copy.
func shrink() {
	program, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	var from, to uintptr
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		line := lines.Text()
		if a, z, ok := programAt(line, program); ok {
			from, to = a, z
		} else if own, found := strings.CutPrefix(line, "Anonymous:"); found {
			if strings.TrimSpace(own) == "0 kB" && from < to {
				_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
			}
			from, to = 0, 0
		}
	}
}

// programAt reads a line of /proc/self/smaps: where the program is mapped, to be
// read or run.
func programAt(line, program string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || (fields[1] != "r-xp" && fields[1] != "r--p") || !strings.HasSuffix(line, " "+program) {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to)
	return from, to, err == nil && n == 2 && from < to
}
