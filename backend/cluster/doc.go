// Package cluster knows which machines keep one store together, and how they know each other:
// the authority that certifies them, the files by which a machine is a member, the tokens with
// which one joins, and the port where they meet.
//
// It is the network half of membership, and imports neither raft nor the store. Package store
// keeps members and tokens (Registry). Package replica takes a listener and a dialer, which
// Port.Raft and Port.DialRaft are. Package machines puts these together: it adds machines to raft,
// removes them, and renews certificates when it is time.
//
// # Who is a member
//
// An Authority is made once for a cluster. It certifies a machine's key for a year, under
// names that come from two random ids; of a signing request it takes nothing but the key and
// the machine's id. A certificate is not enough: the machine, with that key, must be on the
// list of members, which is asked at each handshake, and again when the connection is opened.
// So a machine that was removed is refused at its next connection, and Prune closes those
// that are open. There are no lists of revoked certificates, and no session is resumed.
//
// An Identity is this machine's part, in a directory of its own (0700, files 0600):
//
//	node.key   its private key, which never leaves it
//	node.json  the ids of the cluster and the machine, its name and address
//	ca.pem     the authority's certificate
//	node.pem   its own certificate, written last: with it the machine is a member
//
// A certificate is renewed for the same key, from 30 days before its end: one file is
// replaced, and handshakes use the new one at once. Connections that are open stay, as long
// as the machine is a member. The authority is valid for ten years and is not replaced.
//
// # The port
//
// One TCP port, TLS 1.3 only, and a protocol for each use, by its name in TLS: Raft, Forward,
// Command and one for News, between members, where both ends show certificates; and one to
// join, where only the machine that is asked shows one. The side that dials names the machine
// that it means: another member there is refused. Each connection between members begins with
// one byte from the machine that was dialed, so that a dial succeeds only when it was taken.
// What a removed machine still sends over Forward or Command is not read.
//
// A stranger who reaches the port is shown a certificate with two random ids, and whether
// machines can join here; nothing else. What strangers can make the port do is bounded
// (Bounds). At a bound the oldest unfinished connection makes room, of the address with the
// most: a member needs a moment, and who sends nothing is soon the oldest. An address whose
// handshakes fail too often is not taken any more for a while, unless a member has come from
// there last. Members themselves are not bounded: each has a copy of everything.
//
// The list of members is in the store, and a machine that was away has an old one. When a
// machine that it does not know shows a certificate of this cluster, it is refused, and the
// caller is told (Options.Unknown), who may ask those that it knows for the newest list (Ask).
//
// # Joining
//
// A Token has the cluster's id, the SHA-256 of its authority's certificate, and a secret of
// 256 bits of which the cluster keeps the hash alone. The machine that joins sends the secret
// only to who has a certificate by that authority. One request, one answer (JoinRequest); in
// one transaction of the Registry, the token is used and the machine becomes a member. Any
// machine can be asked: one that does not lead sends whoever shows a token to the one that
// does (Elsewhere).
//
// The token is judged first. Who does not know the secret of one gets the same answer
// whatever they sent, be the token wrong or another cluster's. Who does know it was given it
// by an operator, and is told whether it has expired or was used, and what does not fit: the
// version, the clock, a name or an address that another machine has. None of these uses up
// the token.
//
// If the answer is lost, or either machine dies on the way, the same machine may ask again
// with the same token until that expires: the token is bound to the key that used it. If the
// token has expired by then, the member that never came is listed and must be removed, and
// the machine joins anew with another token. A machine that was removed cannot come back with
// the token that it had used.
package cluster
