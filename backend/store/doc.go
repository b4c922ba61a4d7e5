// Package store keeps everything Doorward knows: members, links, sessions,
// emails, roles, settings and the audit log, as typed records with their
// indexes and counters, over the ordered key-value seam of package kv.
//
// It promises that a record and all that is derived from it (index entries,
// counters, the audit chain) change in one transaction, or not at all; that no
// list has to be read to count it; and that whatever the store gives back was
// checked against a checksum bound to its key. It decides nothing: rules are in
// access, verbs in service.
//
// The key of a record begins with the prefix of its kind. keys.go is the table of all
// kinds: what follows the prefix, what the record holds, of which records it is an
// index, who is told of a change to it, and whether backup and verification heed it.
package store
