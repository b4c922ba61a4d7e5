// Package machines puts the parts of a cluster together: the engine that keeps one store on
// several machines (package replica), the port where they meet (package cluster), and the
// records of who they are (package store). It is the only place that knows all three.
//
// A data directory belongs to a cluster if it has, beside the store:
//
//	doorward.cluster/         this machine's identity; it comes last, and goes last
//	doorward.cluster.new      how its copy begins, until it has one
//	doorward.cluster.alone    Recover has begun, and is to be run again
//	doorward.cluster.sock     the operator's commands about the cluster
//	store.log/                the log of the engine
//
// The records in the store say which machines there are. The list that raft has follows them:
// the leading machine compares the two whenever the records change, and as long as something
// is left to do (tend.go). A machine that has joined gets a copy first, and a vote once it lacks no
// more than a few entries; one that was removed loses both, and every machine closes its
// connections to it. So a crash at any point leaves something to do, and nothing to repair.
//
// Each machine compares its clock with those of all that answer. One whose clock differs from most
// of them does not lead (clock.go). One that stops hands the lead over first, once it has answered
// what it has at hand; so does one whose disk is nearly full (handover.go).
//
// What was deleted is on every machine, so the leading one has each compact its copy and its log
// when the operator says so, and each does it by itself at night (erase.go).
//
// Machines may run different versions while they are upgraded. The leading one raises the schema
// of the store when every machine says that it knows the next one (raise.go); a program that
// finds a schema it does not know ends.
//
// Each machine has everything, the authority included, and renews its own certificate.
package machines
