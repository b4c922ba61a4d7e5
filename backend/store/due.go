package store

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// What falls due, by kind.
const (
	DueMember        = 'm' // a member's reminder, invitation or pending account ends
	DueLoginLink     = 'l' // a link is forgotten
	DueSignInRequest = 'b' // an ask is forgotten
	DueSession       = 's' // a session has reached its absolute limit
	DueEndReason     = 'z' // why a session ended is forgotten
	DueTrace         = 'T' // the audit log is told of unusual events of a kind
	DueLeftovers     = 'g' // what a deleted member left has to go
	DueDigest        = 'w' // Admins are told who waits
	DueSessions      = 'S' // the sessions of a member that are left have to go
	DueTokens        = 'k' // the API tokens of a member that are left have to go
	DueTell          = 't' // a handful of Admins get the email about who waits
	DueDecision      = 'd' // a decision about somebody who is gone is forgotten
	DueMessage       = 'o' // an email's words have expired, or the email is old
	DueBucket        = 'i' // a rate limit bucket is full again
	DueDecoy         = 'e' // a decoy's time is over
)

// A Due is one thing that falls due.
type Due struct {
	At   time.Time
	Kind byte
	Ref  string
	Was  time.Time // when it first fell due, where it was put off since
}

// key is where the thing stands in the queue. What was put off stands in a
// queue of its own, so that the first one stays what the records ask for.
func (d Due) key() []byte {
	if d.Was.IsZero() {
		return dueKey(d.At, d.Kind, d.Ref)
	}
	return putOffPrefix.key(up(d.At), string(rune(d.Kind)), d.Ref)
}

func dueOf(e kv.KV) Due {
	k := e.Key
	d := Due{At: duePrefix.refTime(k), Kind: dueKind(k), Ref: duePrefix.ref(k)[timeLength+1:]}
	if recordOf(k).prefix == putOffPrefix {
		d.Was = timeOf(e.Value)
	}
	return d
}

// Put keeps that something falls due.
func (tx Schedule) Put(d Due) error { return tx.mark(dueKey(d.At, d.Kind, d.Ref), "") }

// Clear forgets it.
func (tx Schedule) Clear(d Due) error { return tx.unmark(d.key()) }

// PutOff lets wait until then what fell due and could not be done.
func (tx Schedule) PutOff(d Due, until time.Time) error {
	if err := tx.Schedule.Clear(d); err != nil {
		return err
	}
	if d.Was.IsZero() {
		d.Was = d.At
	}
	d.At = until
	return tx.mark(d.key(), up(d.Was))
}

// dueQueues are where what falls due stands; what was put off stands in the second.
var dueQueues = []prefix{duePrefix, putOffPrefix}

// Next is what falls due next, at whatever time; false where nothing does.
func (tx Schedule) Next() (next Due, found bool, err error) {
	for _, queue := range dueQueues {
		first, err := tx.scan(queue.key(), 1)
		if err != nil {
			return Due{}, false, err
		}
		if len(first) > 0 {
			if d := dueOf(first[0]); !found || d.At.Before(next.At) {
				next, found = d, true
			}
		}
	}
	return next, found, nil
}

// By are up to n of the things that are due by then, in the order in which they
// fell due.
func (tx Schedule) By(then time.Time, n int) (all []Due, err error) {
	first, err := tx.scan(duePrefix.key(), n)
	for _, e := range first {
		if d := dueOf(e); !d.At.After(then) {
			all = append(all, d)
		}
	}
	return all, err
}

// A Digest is what Admins were last told of people waiting.
type Digest struct {
	ToldAt  time.Time         `json:"told_at,omitzero"`
	Telling []access.MemberID `json:"telling,omitempty"` // whom the last emails named
	Untold  []access.MemberID `json:"untold,omitempty"`  // proved their address since
	Due     bool              `json:"due,omitempty"`     // the next emails fall due already
}

// Digest is what Admins were last told.
func (tx *Tx) Digest() (Digest, error) {
	var d Digest
	_, err := tx.get(digestPrefix.key(), &d)
	return d, err
}

// PutDigest keeps what Admins were told.
func (tx *Tx) PutDigest(d Digest) error { return tx.set(digestPrefix.key(), d) }

// A Bucket is a rate limit that outlives a restart: how many were used, as of
// when, and when it is full again.
type Bucket struct {
	Used  float64   `json:"used"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`

	Wrong access.WrongCodes `json:"wrong,omitempty"` // where it counts wrong codes
}

// Get is the bucket of that name, empty where there is none.
func (tx Buckets) Get(name string) (Bucket, error) {
	var b Bucket
	_, err := tx.get(tx.bucketKey(name), &b)
	return b, err
}

// bucketKey hides the name, which may be a stranger's address.
func (tx *Tx) bucketKey(name string) []byte {
	h := tx.CodeHash(access.SecretHash{}, "bucket "+name)
	return bucketPrefix.ofHash(h)
}

// Put keeps a bucket until it is full again.
func (tx Buckets) Put(name string, b Bucket, until time.Time) error {
	k := tx.bucketKey(name)
	due := Due{At: b.Until, Kind: DueBucket, Ref: bucketPrefix.ref(k)}
	if !b.Until.IsZero() {
		if err := tx.Schedule.Clear(due); err != nil {
			return err
		}
	}
	b.Until, due.At = until, until
	if err := tx.Schedule.Put(due); err != nil {
		return err
	}
	return tx.set(k, b)
}

// Drop deletes a bucket that was full again at that time; ref is its
// Due's. One that was used since is left alone.
func (tx Buckets) Drop(ref string, at time.Time) error {
	var b Bucket
	k := bucketPrefix.key(ref)
	ok, err := tx.get(k, &b)
	if err != nil || !ok || b.Until.After(at) {
		return err
	}
	return tx.unmark(k)
}
