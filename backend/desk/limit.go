package desk

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Limits for one address or member. They outlive a restart.
const (
	asksAtOnce    = 5
	asksEvery     = 3 * time.Minute
	resendsAtOnce = 5
	resendsEvery  = 5 * time.Minute
)

// limit counts one use against a bucket that holds atOnce and gets one back
// every so often. It refuses with TooMany when the bucket is empty.
func (d *Desk) limit(tx *store.Tx, name string, atOnce float64, every time.Duration) error {
	b, err := tx.Bucket(name)
	if err != nil {
		return err
	}
	if !b.At.IsZero() {
		b.Used = max(0, b.Used-float64(tx.Now.Sub(b.At))/float64(every))
	}
	if b.Used+1 > atOnce {
		wait := time.Duration((b.Used + 1 - atOnce) * float64(every)).Round(time.Second)
		return access.Errorf(access.TooMany, "That was asked too often. Try again in %s.", inWords(wait)).WithCode("too_often")
	}
	b.Used, b.At = b.Used+1, tx.Now
	return tx.PutBucket(name, b, tx.Now.Add(time.Duration(b.Used*float64(every))))
}

func inWords(d time.Duration) string {
	if d < time.Minute {
		return "a minute"
	}
	return (d + time.Minute - 1).Truncate(time.Minute).String()
}
