package store

import (
	"time"

	"doorward/backend/access"
)

// A Bucket is a rate limit that survives a restart: how much was used, as of when, and when
// it is full again.
type Bucket struct {
	Used  float64   `json:"used"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`

	Wrong access.WrongCodes `json:"wrong,omitempty"` // if it counts wrong codes
}

// Get returns the bucket with that name, empty if there is none.
func (tx Buckets) Get(name string) (Bucket, error) {
	var b Bucket
	_, err := tx.get(tx.bucketKey(name), &b)
	return b, err
}

// bucketKey hashes the name, which may be a stranger's address.
func (tx *Tx) bucketKey(name string) []byte {
	h := tx.CodeHash(access.SecretHash{}, "bucket "+name)
	return bucketPrefix.ofHash(h)
}

// Put stores a bucket until it is full again, when it falls due and Drop deletes it. The name
// is stored as a keyed hash.
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

// Drop deletes a bucket that was due to be full at that time; ref is from its Due. A bucket
// that was used since is left unchanged.
func (tx Buckets) Drop(ref string, at time.Time) error {
	var b Bucket
	k := bucketPrefix.key(ref)
	ok, err := tx.get(k, &b)
	if err != nil || !ok || b.Until.After(at) {
		return err
	}
	return tx.unmark(k)
}
