package service

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/store"
)

// Limits for one address or member. They outlive a restart.
const (
	maxSignInEmails       = 5 // for one address: from one browser that is known to it, and from one network that is not
	signInEmailInterval   = 3 * time.Minute
	maxStrangerEmails     = 10 // for one address, from all browsers that are not known to it: what strangers can use up
	strangerEmailInterval = time.Hour
	maxResends            = 5
	resendInterval        = 5 * time.Minute
)

// limit counts one use against a bucket that holds atOnce and gets one back
// every so often. It refuses with TooMany when the bucket is empty.
func (s *core) limit(tx *store.Tx, name string, atOnce float64, every time.Duration) error {
	b, err := tx.Buckets.Get(name)
	if err != nil {
		return err
	}
	if !b.At.IsZero() {
		back := max(0, tx.Now.Sub(b.At)) // a clock that was put back gives nothing, and takes nothing
		b.Used = max(0, b.Used-float64(back)/float64(every))
	}
	if b.At.After(tx.Now) { // it was used up by a clock that was ahead: nobody waits until that time comes again
		b.Used = min(b.Used, atOnce-1)
	}
	if b.Used+1 > atOnce {
		wait := time.Duration((b.Used + 1 - atOnce) * float64(every)).Round(time.Second)
		return access.Errorf(access.TooMany, "That was asked too often. Try again in %s.", inWords(wait)).
			WithCode("too_often")
	}
	b.Used, b.At = b.Used+1, tx.Now
	return tx.Buckets.Put(name, b, tx.Now.Add(time.Duration(b.Used*float64(every))))
}

// An allowance is what a browser may do for an address when it asks.
type allowance struct {
	known bool      // the browser has signed that member in before
	last  time.Time // no email goes to other browsers before then; zero: the next may at once
}

// allowSignInRequest counts a wish for an email to one address. A browser that is known to
// the address has a share of its own. All others share one; whose ask takes the
// last of it is told, so that the email can say so and open in any browser:
// that email is then a way in for whoever reads the mailbox, however often
// strangers ask.
func (s *core) allowSignInRequest(tx *store.Tx, a access.Address, b Browser) (out allowance, err error) {
	if out.known, err = tx.Browsers.Knows(a.Canonical, b.hash()); err != nil {
		return out, err
	}
	if out.known {
		return out, s.limit(tx, "ask "+inBrowser(a, b.hash()), maxSignInEmails, signInEmailInterval)
	}
	key := limitKey(a)
	if err := s.limit(tx, "ask "+key+" from "+network(b.From), maxSignInEmails, signInEmailInterval); err != nil {
		return out, err
	}
	if err := s.limit(tx, "ask "+key, maxStrangerEmails, strangerEmailInterval); err != nil {
		return out, err
	}
	all, err := tx.Buckets.Get("ask " + key)
	if lack := all.Used + 1 - maxStrangerEmails; lack > 0 {
		out.last = tx.Now.Add(time.Duration(lack * float64(strangerEmailInterval)))
	}
	return out, err
}

// inBrowser names an address in one browser, for what is counted of the two.
func inBrowser(a access.Address, browser access.SecretHash) string {
	return a.Canonical + " in " + hex.EncodeToString(browser[:])
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

// limitKey is the address as limits count it.
func limitKey(a access.Address) string { return address.LimitKey(a) }
