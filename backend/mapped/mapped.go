// Package mapped owns what this process has mapped from files, as the kernel
// tells it, and how to let go of it. It is for a desktop, where a program that
// waits should be small: pages of files count as the process's own until somebody
// else needs the room. It promises that nothing is lost by letting go; what is
// used again comes back from its file. Where the system cannot do it, nothing
// happens.
package mapped

import (
	"fmt"
	"strconv"
	"strings"
)

// A Mapping is a part of this process's memory that stands for a part of a file.
type Mapping struct {
	File      string
	Resident  int // KB of it that the process holds
	Anonymous int // KB of those that are no longer what the file has

	mode     string // rwxp, as the kernel writes it
	from, to uintptr
}

// parse reads /proc/PID/smaps: those of its mappings that have a file.
func parse(text string) (all []Mapping) {
	var m Mapping
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if head, ok := begins(line); ok {
			m = head
		} else if kb, ok := amount(line, "Rss:"); ok {
			m.Resident = kb
		} else if kb, ok := amount(line, "Anonymous:"); ok {
			m.Anonymous = kb
			if strings.HasPrefix(m.File, "/") {
				all = append(all, m)
			}
			m = Mapping{}
		}
	}
	return all
}

// begins reads the line that a mapping begins with: its place, its mode, where in
// the file, the file's device and number, and the file's name to the end.
func begins(line string) (m Mapping, ok bool) {
	n, err := fmt.Sscanf(line, "%x-%x %s", &m.from, &m.to, &m.mode)
	if err != nil || n != 3 || m.from >= m.to || len(m.mode) != 4 {
		return Mapping{}, false
	}
	for range 5 {
		_, line, _ = strings.Cut(line, " ")
	}
	m.File = strings.TrimLeft(line, " ")
	return m, true
}

func amount(line, name string) (kb int, ok bool) {
	rest, ok := strings.CutPrefix(line, name)
	if !ok {
		return 0, false
	}
	kb, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(rest, "kB")))
	return kb, err == nil
}

// unchanged reports whether all of m is still what the file has, and stays so: it
// may be dropped, because there is another copy.
func (m Mapping) unchanged() bool {
	return m.Anonymous == 0 && (m.mode == "r-xp" || m.mode == "r--p")
}
