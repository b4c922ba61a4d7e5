package wire

// Bounds limit how much is held of what others send. Zero is no limit.
type Bounds struct {
	Total      int   // connections
	PerNetwork int   // of one IPv4 address, or of one IPv6 /64
	Wider      int   // of one IPv6 /48
	Held       int64 // bytes of requests, beyond each connection's own share
	Large      int   // bodies larger than usual at the same time
}

// What is assumed: the memory of a waiting connection, and of a large body with
// everything that is made of it.
const (
	perConn  = 24 << 10
	perLarge = 24 << 20
)

// BoundsFor returns the limits for a process that may use this much memory and
// this many files. An eighth of the memory is for connections, a thirty-second
// for what is held of requests; a quarter of the files, and never fewer than 64,
// is left for the store.
func BoundsFor(memory int64, files int) Bounds {
	total := int(min(max(memory/8/perConn, 64), 8192))
	if files > 0 {
		total = max(min(total, files-max(64, files/4)), 16)
	}
	return Bounds{
		Total:      total,
		PerNetwork: max(total/4, 8),
		Wider:      max(total/2, 8),
		Held:       max(memory/32, 1<<20),
		Large:      int(min(max(memory/perLarge/2, 1), 16)),
	}
}
