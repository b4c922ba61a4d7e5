package store

import (
	"time"

	"doorward/backend/access"
)

// What falls due, by kind.
const (
	DueMember    = 'm' // a member's reminder, invitation or pending account ends
	DueLogin     = 'l' // a link is forgotten
	DueAsk       = 'b' // an ask is forgotten
	DueSession   = 's' // a session has reached its absolute limit
	DueEnding    = 'z' // why a session ended is forgotten
	DueLeftovers = 'g' // what a deleted member left has to go
	DueDigest    = 'w' // Admins are told who waits
	DueSessions  = 'S' // the sessions of a member that are left have to go
	DueTell      = 't' // a handful of Admins get the letter about who waits
	DueDecision  = 'd' // a decision about somebody who is gone is forgotten
	DueLetter    = 'o' // a letter's words have expired, or the letter is old
	DueBucket    = 'i' // a rate limit bucket is full again
)

// A Due is one thing that falls due.
type Due struct {
	At   time.Time
	Kind byte
	Ref  string
}

func dueKey(at time.Time, kind byte, ref string) []byte {
	return key("x/", up(at), string(rune(kind)), ref)
}

// PutDue keeps that something falls due.
func (tx *Tx) PutDue(d Due) error { return tx.mark(dueKey(d.At, d.Kind, d.Ref), "") }

// ClearDue forgets it.
func (tx *Tx) ClearDue(d Due) error { return tx.unmark(dueKey(d.At, d.Kind, d.Ref)) }

// NextDue is what falls due next, at whatever time; false where nothing does.
func (tx *Tx) NextDue() (Due, bool, error) {
	next, err := tx.scan([]byte("x/"), 1)
	if err != nil || len(next) == 0 {
		return Due{}, false, err
	}
	k := next[0].Key
	return Due{At: timeOf(k[2:10]), Kind: k[10], Ref: string(k[11:])}, true, nil
}

// A Digest is what Admins were last told of people waiting.
type Digest struct {
	ToldAt  time.Time         `json:"told_at,omitzero"`
	Telling []access.MemberID `json:"telling,omitempty"` // whom the last letters named
	Untold  []access.MemberID `json:"untold,omitempty"`  // proved their address since
	Due     bool              `json:"due,omitempty"`     // the next letters fall due already
}

// Digest is what Admins were last told.
func (tx *Tx) Digest() (Digest, error) {
	var d Digest
	_, err := tx.get([]byte("D"), &d)
	return d, err
}

// PutDigest keeps what Admins were told.
func (tx *Tx) PutDigest(d Digest) error { return tx.set([]byte("D"), d) }

// A Bucket is a rate limit that outlives a restart: how many were used, as of
// when, and when it is full again.
type Bucket struct {
	Used  float64   `json:"used"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}

// Bucket is the bucket of that name, empty where there is none.
func (tx *Tx) Bucket(name string) (Bucket, error) {
	var b Bucket
	_, err := tx.get(tx.bucketKey(name), &b)
	return b, err
}

// bucketKey hides the name, which may be a stranger's address.
func (tx *Tx) bucketKey(name string) []byte {
	h := tx.CodeHash(access.SecretHash{}, "bucket "+name)
	return hashKey("i/", h)
}

// PutBucket keeps a bucket until it is full again.
func (tx *Tx) PutBucket(name string, b Bucket, until time.Time) error {
	k := tx.bucketKey(name)
	due := Due{At: b.Until, Kind: DueBucket, Ref: string(k[2:])}
	if !b.Until.IsZero() {
		if err := tx.ClearDue(due); err != nil {
			return err
		}
	}
	b.Until, due.At = until, until
	if err := tx.PutDue(due); err != nil {
		return err
	}
	return tx.set(k, b)
}

// DropBucket deletes a bucket that was full again at that time; ref is its
// Due's. One that was used since is left alone.
func (tx *Tx) DropBucket(ref string, at time.Time) error {
	var b Bucket
	k := key("i/", ref)
	ok, err := tx.get(k, &b)
	if err != nil || !ok || b.Until.After(at) {
		return err
	}
	return tx.unmark(k)
}
