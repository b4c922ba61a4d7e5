package service

import (
	"encoding/hex"
	"net/netip"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/store"
)

// Limits for one address or member. They survive a restart.
const (
	maxSignInEmails       = 5 // for one address, from one browser that is known to it, or from one network that is not
	signInEmailInterval   = 3 * time.Minute
	maxStrangerEmails     = 10 // for one address, from all unknown browsers together: what strangers can use up
	strangerEmailInterval = time.Hour
	maxResends            = 5
	resendInterval        = 5 * time.Minute
)

// limit counts one use against a bucket that holds atOnce and regains one use
// every so often. It refuses with TooMany when the bucket is empty.
func (s *core) limit(tx *store.Tx, name string, atOnce float64, every time.Duration) error {
	b, err := tx.Buckets.Get(name)
	if err != nil {
		return err
	}
	if !b.At.IsZero() {
		back := max(0, tx.Now.Sub(b.At)) // a clock that was set back neither adds nor removes uses
		b.Used = max(0, b.Used-float64(back)/float64(every))
	}
	if b.At.After(tx.Now) { // it was used up while the clock was ahead: do not wait until that time comes again
		b.Used = min(b.Used, atOnce-1)
	}
	if b.Used+1 > atOnce {
		wait := time.Duration((b.Used + 1 - atOnce) * float64(every)).Round(time.Second)
		minutes := max(1, int((wait+time.Minute-1)/time.Minute)) // less than half a second is a minute, too
		return access.Countedf(access.TooMany, minutes,
			"Too many requests. Try again in %d minute.", "Too many requests. Try again in %d minutes.").
			WithCode("too_often")
	}
	b.Used, b.At = b.Used+1, tx.Now
	return tx.Buckets.Put(name, b, tx.Now.Add(time.Duration(b.Used*float64(every))))
}

// An allowance is what a browser may request for an address.
type allowance struct {
	known bool      // the browser has signed that member in before
	last  time.Time // until when other browsers get no email; zero: they may request one now
}

// allowSignInRequest counts a request for an email to one address. A browser that
// is known to the address has a limit of its own. All others share one; the
// request that uses it up is marked, so that its email can say so and its link
// can open in any browser. So whoever reads the mailbox can always sign in,
// however often strangers request emails.
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

// inBrowser names the pair of an address and a browser, for counters of the two.
func inBrowser(a access.Address, browser access.SecretHash) string {
	return a.Canonical + " in " + hex.EncodeToString(browser[:])
}

// network returns what counts as one source: an IPv4 address, or an IPv6 /64.
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

// limitKey returns the form of the address that limits count.
func limitKey(a access.Address) string { return address.LimitKey(a) }
