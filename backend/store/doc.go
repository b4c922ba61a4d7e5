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
// # Keys
//
// Times in keys are microseconds since 1970, eight bytes, big endian; "down"
// marks times whose bits are inverted, so that the newest comes first.
//
//	m/ID                  member
//	a/ADDRESS             member's id, by canonical address
//	t/STATE DOWN ID       members of a state, newest invitation first; STATE is p, a or s, and * for all
//	r/ROLE 0 DOWN ID      members of a role, newest invitation first
//	w/WORD 0 ID           members by the beginning of a word of the name or part of the address
//	q/PROVED TIME ID      the waiting: address proved first (0), then come without proof
//	                      (0 and 255), then not yet (1), oldest first
//	x/TIME KIND REF       what falls due, for the sweeper
//	P/TIME KIND REF       what fell due, could not be done and was put off: when it first fell due
//	l/HASH                login link
//	L/ID HASH             the links of a member
//	b/HASH                ask for a sign-in email, by the browser that asked
//	B/TIME HASH           asks that wait to be answered
//	N/b MAC               browser that is known to a member, by address and browser
//	N/m ID                the browsers that are known to a member
//	s/HASH                session
//	S/ID HASH             the sessions of a member
//	z/HASH                why a session ended, for the browser that still holds its cookie
//	o/ID                  email
//	O/ID                  the email's words, sealed with the instance key
//	Q/CLASS TIME ID       emails by class and when they are due; kept ones lie past the end of time
//	d/TIME ID             the same, of emails that were queued before there were classes
//	E/o ID, E/O ID        decoys: what is written like an email where there is nobody to write to
//	E/d TIME ID           decoys by when they are due
//	E/s N                 slots that are written over to bring transactions to one shape
//	n/DOWN ID             emails, newest first
//	M/MEMBER ID           the emails of a member
//	k/ID                  API token
//	K/HASH                API token's id
//	T/MEMBER ID           the API tokens of a member
//	U/ID                  when an API token was last used
//	g/NAME                role of one's own
//	u/DOWN                audit entry, by inverted number: newest first
//	e/MAC                 address that was rejected, as a keyed hash: by whom and when
//	j/ID                  who rejected or removed somebody who is gone, for a day
//	i/KEY                 rate limit bucket
//	c                     counters
//	Y/DAY                 how many were invited, came, were approved and rejected on a day
//	U/KIND                traces of attacks of a kind: how many in which hour, from which networks
//	h                     head of the audit chain, sealed with the instance key
//	p                     settings
//	f                     setup: the way to the first Admin
//	y                     health of the way to the mail server
//	v                     revision of the roles; rises when one changes
//	D                     digest of people waiting, for the emails to Admins
//	T                     when the store last ran with a clock that is believed
package store
