package store

import (
	"time"

	"doorward/backend/store/kv"
)

// The kinds of things that fall due.
const (
	DueMember        = 'm' // a member's reminder, expiry of the invitation or removal while pending
	DueLoginLink     = 'l' // a link is deleted
	DueSignInRequest = 'b' // a sign-in request is deleted
	DueSession       = 's' // a session reached its absolute limit
	DueEndReason     = 'z' // the reason why a session ended is deleted
	DueTrace         = 'T' // unusual events of a kind are written to the audit log
	DueLeftovers     = 'g' // what a deleted member left is deleted
	DueDigest        = 'w' // Admins are told who waits for a decision
	DueSessions      = 'S' // the remaining sessions of a member are ended
	DueTokens        = 'k' // the remaining API tokens of a member are deleted
	DueTell          = 't' // a few Admins get the email about who waits
	DueDecision      = 'd' // a decision about a deleted member is forgotten
	DueMessage       = 'o' // an email's content expired, or the email is old
	DueBucket        = 'i' // a rate limit bucket is full again
	DueDecoy         = 'e' // a decoy expired
)

// A Due is one thing that falls due.
type Due struct {
	At   time.Time
	Kind byte
	Ref  string
	Was  time.Time // when it first fell due, if it was postponed
}

// key is the thing's key in its queue. Postponed things have their own queue, so that the
// first one always matches the records.
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

// Put adds a thing that falls due. The same thing at the same time is there once.
func (tx Schedule) Put(d Due) error { return tx.mark(dueKey(d.At, d.Kind, d.Ref), "") }

// Clear removes a thing that falls due; one that is not there is no error.
func (tx Schedule) Clear(d Due) error { return tx.unmark(d.key()) }

// PutOff postpones a thing that fell due but could not be done.
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

// dueQueues are the queues of things that fall due; the second has the postponed ones.
var dueQueues = []prefix{duePrefix, putOffPrefix}

// Next returns what falls due next, at any time; false if nothing does.
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

// By returns up to n things that are due by then, in the order in which they fell due.
func (tx Schedule) By(then time.Time, n int) (all []Due, err error) {
	first, err := tx.scan(duePrefix.key(), n)
	for _, e := range first {
		if d := dueOf(e); !d.At.After(then) {
			all = append(all, d)
		}
	}
	return all, err
}
