//go:build unix

package app

import (
	"math"
	"syscall"
)

// openFiles is how many files the process may have open; zero: no limit.
func openFiles() int { return int(min(rlimit(syscall.RLIMIT_NOFILE), math.MaxInt32)) }

// addressSpace is the process's limit of address space; zero: no limit.
func addressSpace() uint64 { return rlimit(syscall.RLIMIT_AS) }

func rlimit(which int) uint64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(which, &r) != nil || r.Cur > math.MaxInt64 {
		return 0
	}
	return uint64(r.Cur)
}
