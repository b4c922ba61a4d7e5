// Package store keeps all of Doorward's data: members, links, sessions, emails, roles,
// settings and the audit log, as typed records with their indexes and counters, over the
// ordered key-value interface of package kv.
//
// It promises that a record and everything derived from it (index entries, counters, the
// audit chain) change in one transaction, or not at all; that nothing has to be listed to
// be counted; and that every value it returns was checked against a checksum bound to its
// key. It decides nothing: rules are in access, verbs in service.
//
// The key of a record starts with the prefix of its kind. keys.go is the table of all
// kinds: what follows the prefix, what the record contains, of which records it is an
// index, which change topic it has, and how backup and verification treat it.
package store
