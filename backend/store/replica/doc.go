// Package replica keeps the same store on several machines. One of them leads and does all
// the work; the others hold a full copy and take over by themselves when it dies. It is an
// engine of package kv, and the only package that imports hashicorp/raft.
//
// The fence for whole requests (Confirm) and their forwarding are in package web. It has no TLS
// of its own: whoever reaches the Listener of a Node can change everything, so it must be the port
// of package cluster, as in package machines, which puts the two together.
//
// # How a change is kept
//
// The leading machine's Updates run in the writer of package badger, one after the other, a
// group at a time. The writes of a group are one entry of raft's log (entry.go, flight.go).
// When a majority has the entry on its disks, each machine commits it to its own Badger, in
// one transaction with the entry's place in the log (fsm.go), so that a restart neither
// skips an entry nor applies one twice. The leading machine then answers. So:
//
//   - What was acknowledged is on the disks of a majority, in the log, and applied where it
//     was acknowledged. Badger does not sync it there once more. After a power cut a machine's
//     Badger may be some entries behind, which come again from the log; before the log is cut,
//     Badger has on the disk what is cut (badger/late.go).
//   - A group rests on what the leading machine has read. Its entry names the term of that
//     lead, and every machine drops an entry that raft wrote in another term: somebody else
//     may have written in between.
//   - If the lead is lost while a group is on its way, its callers get
//     kv.ErrUnknownOutcome, and Outcome tells them later (outcome.go). The same if a copy of
//     everything comes meanwhile, which may include it.
//   - On a machine that does not lead, View and Update return kv.ErrUnavailable. OnCommit,
//     Watch, Each and Identity work everywhere.
//
// # Who leads
//
// A machine that was elected writes an entry of its own and waits until it is applied:
// then it has everything that was ever acknowledged. It empties the writer's cache, tells
// the followers of the lead, and only then serves (lead.go).
//
// A machine that was cut off does not know yet that another leads. So every View, and
// every Update that was refused or wrote nothing, is answered only if a majority has
// confirmed the lead by messages sent after the call came (fence.go); for a View, after the
// request came that it serves. That rests on no clock. Raft's own VerifyLeader does not
// suffice: it also counts answers to messages that were sent earlier, which a machine that
// was paused finds in its sockets.
//
// # Copies
//
// The engine's own state is the snapshot (snapshot.go): raft may cut the log up to any
// place that the store includes and has on the disk, and nothing is copied for it. A machine that needs
// entries which were cut gets a stream of everything (stream.go), which its engine builds
// beside its own state and then swaps in: a crash leaves the old state or the new one. A
// copy that comes late, when this machine has gone on, is refused: raft would throw away the
// whole log for it.
//
// What was deleted is in the log, too, until the file that has it is deleted. So Compact also cuts
// this machine's log up to the end, as far as the others that answer do not need it (cut.go). Who
// was away meanwhile gets a copy, in place of what it has.
//
// A server alone can become the first machine of a cluster (first.go). What it has is not in
// the log, so its log lacks the first entry, and whoever is added gets a copy. It keeps its
// name, which all get: of several that begin together, that of the first that leads. The same
// way one machine goes on alone after the others are lost (Recover). A copy can also become the
// store of a server alone again (Separate).
//
// # Damage
//
// Each entry of the log has a checksum, and so have each value and each stream. A log that
// cannot be read, or that does not fit to the store beside it, is refused when it is opened
// (log.go): a machine that has lost what it had acknowledged could help to elect one that
// never had it. A machine that cannot apply an entry stops.
//
// A machine that reads damage in its own copy goes on as one that follows, and leads only if no
// other can (fitness.go). If its disk is full, what the others send waits for room. The files
// of the log, and Badger's, have their blocks before they are written to (segments.go), so that
// a full disk is known before a change is on its way.
package replica
