// Package badger is the embedded engine of package kv: one process and one
// directory, or memory. It and bench are the only places that import Badger, whose
// package is called dgraph here.
//
// One goroutine runs all functions of Updates, in the order in which they came,
// and keeps a group of them with one fsync. Being alone, it needs no conflict
// detection and retries nothing, however hot a key is; see writer.go. What Badger
// does not promise by itself is added here: a sentinel and a directory of the
// store's own (layout.go, guard.go), a look at its files before it opens them and
// the check of all tables (verify.go, package fsck), a note of what was
// acknowledged last (ack.go), a floor of free disk (disk.go, room.go, spare.go),
// and real deletion (compact.go).
package badger
