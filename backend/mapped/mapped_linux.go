package mapped

import (
	"os"

	"golang.org/x/sys/unix"
)

// All are this process's mappings of files; none where the kernel does not tell.
func All() []Mapping {
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return nil
	}
	return parse(string(text))
}

// PageOut has the kernel take the pages of m. It asks for them to be moved out and
// never to be dropped, so that no harm is done where m is gone by now and
// something else stands in its place.
func (m Mapping) PageOut() { m.advise(unix.MADV_PAGEOUT) }

// Drop lets go of the pages of m, which must be there for as long as the process
// is. It does nothing to a mapping that was written to or can be.
func (m Mapping) Drop() {
	if m.unchanged() {
		m.advise(unix.MADV_DONTNEED)
	}
}

// advise is advice: a kernel that does not take it loses nothing.
func (m Mapping) advise(what uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, what)
}
