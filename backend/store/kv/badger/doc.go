// Package badger is the embedded engine of package kv: one process and one directory, or
// memory. It and bench are the only places that import Badger, whose package is called
// dgraph here.
//
// One goroutine runs the functions of all Updates, in the order of their arrival, and
// commits a group of them with one fsync. With a single writer there are no conflicts to
// detect and no retries, however hot a key is; see writer.go. This package adds what Badger
// does not promise: a sentinel and a directory of the store's own (layout.go, guard.go), a
// check of its files before it opens them and of all tables (verify.go, package fsck), a
// record of the last acknowledged commit (ack.go), a floor of free disk space (disk.go,
// room.go, spare.go), and real deletion (compact.go).
package badger
