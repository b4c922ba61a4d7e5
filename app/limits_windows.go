package app

// openFiles is zero: Windows has no such limit.
func openFiles() int { return 0 }

// addressSpace is zero: Windows has no such limit.
func addressSpace() uint64 { return 0 }
