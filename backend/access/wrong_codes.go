package access

import (
	"math"
	"slices"
	"time"
)

// What wrong codes are borne. docs/security.md reckons with these figures and
// with those of the code, and a test holds the document to them.
const (
	MaxCodeAttempts = 5 // for one ask

	MaxWrongCodesHour  = 10 // for one address, from all browsers together that are not known to it
	MaxWrongCodesDay   = 20
	MaxWrongCodesKnown = 10 // a day, for one address from one browser that is known to it

	hourWindow = time.Hour
	dayWindow  = 24 * time.Hour
)

// MaxKnownBrowsers is how many browsers are known to a member at once, and KnownBrowserTTL
// how long one stays so after its last sign-in.
const (
	MaxKnownBrowsers = 10
	KnownBrowserTTL  = 365 * 24 * time.Hour
)

// WrongCodes are the times of the last wrong codes for an address, the oldest
// first. The windows slide: whatever hour or day one looks at, no more than the
// bound were judged in it.
type WrongCodes []time.Time

// A CodeLimit is how many wrong codes are borne in any hour and in any day.
type CodeLimit struct{ Hour, Day int }

// Bounds for the browsers that nobody knows, all together, and for one that is
// known.
var (
	UnknownBrowserLimit = CodeLimit{MaxWrongCodesHour, MaxWrongCodesDay}
	KnownBrowserLimit   = CodeLimit{MaxWrongCodesKnown, MaxWrongCodesKnown}
)

// ClosedUntil is when codes open again; zero where they do now.
func (w WrongCodes) ClosedUntil(b CodeLimit, now time.Time) (until time.Time) {
	for _, window := range []struct {
		most int
		span time.Duration
	}{{b.Hour, hourWindow}, {b.Day, dayWindow}} {
		if len(w) < window.most {
			continue
		}
		if end := w[len(w)-window.most].Add(window.span); now.Before(end) && end.After(until) {
			until = end
		}
	}
	if latest := now.Add(dayWindow); until.After(latest) {
		return latest // the clock was ahead when they were counted
	}
	return until
}

// Add counts a wrong code.
func (w WrongCodes) Add(b CodeLimit, now time.Time) WrongCodes {
	w = append(w.ClampToNow(now), now)
	return w[max(0, len(w)-b.Day):]
}

// ClampToNow takes those that were counted while the clock was ahead as counted
// now, so that they are forgotten a day from now.
func (w WrongCodes) ClampToNow(now time.Time) WrongCodes {
	w = slices.Clone(w)
	for i, at := range w {
		if at.After(now) {
			w[i] = now
		}
	}
	return w
}

// LastDay is how many of them lie within a day before now.
func (w WrongCodes) LastDay(now time.Time) (n int) {
	for _, at := range w {
		if now.Before(at.Add(dayWindow)) {
			n++
		}
	}
	return n
}

// ForgottenAt is when the last of them counts no more.
func (w WrongCodes) ForgottenAt() time.Time { return w[len(w)-1].Add(dayWindow) }

// IsAuditedCount reports whether the audit log says so when this many wrong codes came
// within a day.
func IsAuditedCount(wrong int) bool {
	return wrong == MaxCodeAttempts || wrong == MaxWrongCodesHour || wrong == MaxWrongCodesDay
}

// GuessProbability is how likely it is that strangers, from however many networks,
// guess the code of any of so many addresses within so many days.
func GuessProbability(addresses, days int) float64 {
	// windows slide: a span touches one more than it has
	return ProbabilityOfTries(float64(addresses) * MaxWrongCodesDay * float64(days+1))
}

// ProbabilityOfTries is how likely one of so many guesses is right.
func ProbabilityOfTries(tries float64) float64 {
	return -math.Expm1(tries * math.Log1p(-1/math.Pow(float64(len(codeAlphabet)), CodeLength)))
}

// WrongCode is the one answer for codes that are wrong, used, expired, guessed
// at too often, or were never made.
func WrongCode() *Error {
	return Errorf(
		Invalid,
		"That code is not right, or no longer good. Check the newest letter, or open its link instead.",
	).
		On("code").WithCode("code_wrong")
}

// CheckCode counts a try and says whether the code opens.
func (a *SignInRequest) CheckCode(code SecretHash, now time.Time) error {
	a.Attempts++
	if a.Attempts > MaxCodeAttempts || a.Code.IsZero() || a.Code != code || !now.Before(a.ExpiresAt) {
		return WrongCode()
	}
	return nil
}
