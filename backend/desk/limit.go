package desk

import (
	"net/netip"
	"strconv"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Limits for one address or member. They outlive a restart.
const (
	asksAtOnce    = 5 // for one address from one network
	asksEvery     = 3 * time.Minute
	asksInAll     = 20 // for one address from anywhere: nobody's letters are used up by one stranger
	asksInAllRest = time.Minute
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
		back := max(0, tx.Now.Sub(b.At)) // a clock that was put back gives nothing, and takes nothing
		b.Used = max(0, b.Used-float64(back)/float64(every))
	}
	if b.Used+1 > atOnce {
		wait := time.Duration((b.Used + 1 - atOnce) * float64(every)).Round(time.Second)
		return access.Errorf(access.TooMany, "That was asked too often. Try again in %s.", inWords(wait)).WithCode("too_often")
	}
	b.Used, b.At = b.Used+1, tx.Now
	return tx.PutBucket(name, b, tx.Now.Add(time.Duration(b.Used*float64(every))))
}

// limitAsks is the limit of letters to one address, by who asks and in all.
func (d *Desk) limitAsks(tx *store.Tx, a access.Address, b Browser) error {
	key := limitKey(a)
	if err := d.limit(tx, "ask "+key+" from "+network(b.From), asksAtOnce, asksEvery); err != nil {
		return err
	}
	return d.limit(tx, "ask "+key, asksInAll, asksInAllRest)
}

// network is what counts as one source: an IPv4 address, or an IPv6 /64.
func network(from string) string {
	a, err := netip.ParseAddr(from)
	if err != nil || a.Is4() || a.Is4In6() {
		return from
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return from
	}
	return p.String()
}

func inWords(d time.Duration) string {
	if d <= time.Minute {
		return "a minute"
	}
	return strconv.Itoa(int((d+time.Minute-1)/time.Minute)) + " minutes"
}
