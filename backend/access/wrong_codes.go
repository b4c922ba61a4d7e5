package access

import (
	"math"
	"slices"
	"time"
)

// How many wrong codes are allowed. docs/security.md calculates with these figures and the
// size of the code; a test compares the two.
const (
	MaxCodeAttempts = 5 // for one sign-in request

	MaxWrongCodesHour  = 10 // for one address, from all unknown browsers together
	MaxWrongCodesDay   = 20
	MaxWrongCodesKnown = 10 // a day, for one address from one known browser

	hourWindow = time.Hour
	dayWindow  = 24 * time.Hour
)

// MaxKnownBrowsers is how many known browsers a member can have at once. KnownBrowserTTL is
// how long a browser stays known after its last sign-in.
const (
	MaxKnownBrowsers = 10
	KnownBrowserTTL  = 365 * 24 * time.Hour
)

// WrongCodes are the times of the last wrong codes for an address, oldest first. The
// windows slide, so no hour and no day ever contains more than the limit.
type WrongCodes []time.Time

// A CodeLimit is how many wrong codes are allowed in any hour and in any day.
type CodeLimit struct{ Hour, Day int }

// Limits for all unknown browsers together, and for one known browser.
var (
	UnknownBrowserLimit = CodeLimit{MaxWrongCodesHour, MaxWrongCodesDay}
	KnownBrowserLimit   = CodeLimit{MaxWrongCodesKnown, MaxWrongCodesKnown}
)

// ClosedUntil is when codes are accepted again; zero if they are now.
func (w WrongCodes) ClosedUntil(b CodeLimit, now time.Time) (until time.Time) {
	for _, window := range []struct {
		limit int
		span  time.Duration
	}{{b.Hour, hourWindow}, {b.Day, dayWindow}} {
		if len(w) < window.limit {
			continue
		}
		if end := w[len(w)-window.limit].Add(window.span); now.Before(end) && end.After(until) {
			until = end
		}
	}
	if latest := now.Add(dayWindow); until.After(latest) {
		return latest // they were counted while the clock was ahead
	}
	return until
}

// Add counts a wrong code.
func (w WrongCodes) Add(b CodeLimit, now time.Time) WrongCodes {
	w = append(w.ClampToNow(now), now)
	return w[max(0, len(w)-b.Day):]
}

// ClampToNow moves codes that were counted while the clock was ahead to now, so that they
// expire a day from now.
func (w WrongCodes) ClampToNow(now time.Time) WrongCodes {
	w = slices.Clone(w)
	for i, at := range w {
		if at.After(now) {
			w[i] = now
		}
	}
	return w
}

// LastDay returns how many of them are within the day before now.
func (w WrongCodes) LastDay(now time.Time) (n int) {
	for _, at := range w {
		if now.Before(at.Add(dayWindow)) {
			n++
		}
	}
	return n
}

// ForgottenAt is when the last of them expires.
func (w WrongCodes) ForgottenAt() time.Time { return w[len(w)-1].Add(dayWindow) }

// IsAuditedCount reports whether this many wrong codes within a day cause an audit entry.
func IsAuditedCount(wrong int) bool {
	return wrong == MaxCodeAttempts || wrong == MaxWrongCodesHour || wrong == MaxWrongCodesDay
}

// GuessProbability is the probability that strangers, from any number of networks, guess
// the code of any of these addresses within this many days.
func GuessProbability(addresses, days int) float64 {
	// windows slide, so a span touches one more day than its length
	return ProbabilityOfTries(float64(addresses) * MaxWrongCodesDay * float64(days+1))
}

// ProbabilityOfTries is the probability that one of this many guesses is right.
func ProbabilityOfTries(tries float64) float64 {
	return -math.Expm1(tries * math.Log1p(-1/math.Pow(float64(len(codeAlphabet)), CodeLength)))
}

// WrongCode is the single answer for codes that are wrong, used, expired, guessed too
// often, or that never existed.
func WrongCode() *Error {
	return Errorf(
		Invalid,
		"That code is wrong or has expired. Check the newest email, or open its link instead.",
	).
		On("code").WithCode("code_wrong")
}

// CheckCode counts an attempt and returns nil if the code is accepted. Whoever calls it stores
// the request also after an error: the attempt counts. Every error is the same.
func (a *SignInRequest) CheckCode(code SecretHash, now time.Time) error {
	a.Attempts++
	if a.Attempts > MaxCodeAttempts || a.Code.IsZero() || a.Code != code || !now.Before(a.ExpiresAt) {
		return WrongCode()
	}
	return nil
}
