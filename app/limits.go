package app

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"doorward/backend/web/wire"
)

// maxMemoryShare is the memory limit where more is available: the program rarely
// uses much of it.
const maxMemoryShare = 384 << 20

// MemoryLimit is the memory that the program may use: maxMemoryShare, or less
// where the machine allows less. Of what a cgroup allows, its own or one around
// it, a quarter is left for what the garbage collector does not see: the program
// itself, the store's mapped files, the sockets' buffers. Of address space, half
// is left.
func MemoryLimit() int64 {
	return memoryOf(cgroupLimit(), addressSpace())
}

// memoryOf is MemoryLimit for these limits; zero is none.
func memoryOf(cgroup, space uint64) int64 {
	limit := uint64(maxMemoryShare)
	if cgroup > 0 {
		limit = min(limit, cgroup/4*3)
	}
	if space > 0 {
		limit = min(limit, space/2)
	}
	return int64(limit)
}

// cgroupLimit is the limit of the process's cgroups; zero where there is none, or
// none that can be read.
func cgroupLimit() uint64 {
	limit, err := memlimit.FromCgroup()
	if err != nil {
		return 0
	}
	return limit
}

// bounds are the limits of connections and of held requests. They follow from the
// memory limit in force, whoever set it, and from how many files the process may
// open.
func bounds() (b wire.Bounds, memory int64, files int) {
	if memory = debug.SetMemoryLimit(-1); memory == math.MaxInt64 {
		memory = MemoryLimit()
	}
	files = openFiles()
	return wire.BoundsFor(memory, files), memory, files
}

// sayBounds logs the limits, for operators who wonder why connections are closed.
func (a *App) sayBounds() {
	b, memory, files := bounds()
	a.log.Debug("bounds", "memory", memory, "files", files, "connections", b.Total, "of_one_network", b.PerNetwork,
		"of_one_48", b.Wider, "held", b.Held, "large_bodies", b.Large)
}
