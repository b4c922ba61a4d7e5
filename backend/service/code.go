package service

import (
	"context"
	"strconv"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// What a wrong code writes, the same for every address.
const (
	codeAnswerKeys  = 7
	codeAnswerBytes = 3 << 10
)

// RedeemCode opens a session with the code from an email, in the browser that
// requested it. Malformed input is not counted as a guess. A wrong code counts
// against the address, whatever the browser, network and request, and also where
// there is no code to guess.
func (s SignIn) RedeemCode(ctx context.Context, typed string, b Browser) (out NewSession, err error) {
	code, ok := access.ParseCode(typed)
	if !ok {
		return out, access.MalformedCode()
	}
	session := access.NewSecret()
	var verdict error
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		verdict = access.WrongCode()
		a, ok, err := tx.SignInRequests.Get(b.hash())
		if err != nil || !ok {
			return err
		}
		if verdict, err = s.judge(tx, &a, code, b.From); verdict != nil || err != nil {
			return err
		}
		m, err := tx.Members.Get(a.Member)
		if access.NotFound.Is(err) || err == nil && (m.Email.Canonical != a.Address.Canonical || m.Epoch != a.Epoch) {
			verdict = access.WrongCode()
			return tx.SignInRequests.Delete(a)
		}
		if err != nil {
			return err
		}
		if err := tx.SignInRequests.Delete(a); err != nil {
			return err
		}
		if m.State == access.Suspended {
			verdict = suspendedError()
			return nil
		}
		p, err := proofOfCode(tx, &a)
		if err != nil {
			return err
		}
		out, err = s.acceptLink(tx, m, session, "code", p, b)
		return err
	})
	if err != nil {
		return out, err
	}
	return out, verdict
}

// judge checks a code, and counts a wrong one. Beyond the bound it checks no
// more: even the right code is refused then, or guessing would still pay.
func (s *core) judge(tx *store.Tx, a *access.SignInRequest, code access.Code, from string) (verdict, err error) {
	count, err := wrongCodesAt(tx, a)
	if err != nil {
		return nil, err
	}
	hash := tx.CodeHash(a.Browser, string(code))
	closed := !count.wrong.ClosedUntil(count.bound, tx.Now).IsZero()
	if verdict = a.CheckCode(hash, tx.Now); verdict == nil && !closed {
		return nil, nil
	}
	return access.WrongCode(), tx.Evenly(codeAnswerKeys, codeAnswerBytes, func() error {
		judged := a.Attempts <= access.MaxCodeAttempts && !closed
		if err := tx.SignInRequests.Change(*a); err != nil {
			return err
		}
		return s.countWrong(tx, a, count, judged, from)
	})
}

// wrongCodes are the wrong codes that count against one browser's next try.
type wrongCodes struct {
	name  string // of the bucket that stores them
	bound access.CodeLimit
	kept  store.Bucket
	wrong access.WrongCodes
}

// wrongCodesAt returns the count of the address, shared by all unknown browsers,
// or, for a browser that is known to the address, its own count, which strangers
// cannot use up.
func wrongCodesAt(tx *store.Tx, a *access.SignInRequest) (g wrongCodes, err error) {
	known, err := tx.Browsers.Knows(a.Address.Canonical, a.Browser)
	if err != nil {
		return g, err
	}
	g.name, g.bound = "wrong codes "+limitKey(a.Address), access.UnknownBrowserLimit
	if known {
		g.name, g.bound = "wrong codes "+inBrowser(a.Address, a.Browser), access.KnownBrowserLimit
	}
	g.kept, err = tx.Buckets.Get(g.name)
	g.wrong = g.kept.Wrong
	return g, err
}

// codesClosed returns until when the requester's codes are refused; zero: they
// are accepted.
func codesClosed(tx *store.Tx, a access.SignInRequest) (time.Time, error) {
	g, err := wrongCodesAt(tx, &a)
	return g.wrong.ClosedUntil(g.bound, tx.Now), err
}

// countWrong stores a wrong code that was checked, and writes an audit entry when
// there are many. Where the code was not checked it only corrects counts from a
// clock that was ahead.
func (s *core) countWrong(tx *store.Tx, a *access.SignInRequest, g wrongCodes, judged bool, from string) error {
	wrong := g.wrong.ClampToNow(tx.Now)
	if judged {
		wrong = g.wrong.Add(g.bound, tx.Now)
	}
	if len(wrong) == 0 {
		return nil
	}
	g.kept.Wrong, g.kept.At = wrong, tx.Now
	if err := tx.Buckets.Put(g.name, g.kept, wrong.ForgottenAt()); err != nil {
		return err
	}
	if n := wrong.LastDay(tx.Now); judged && access.IsAuditedCount(n) {
		return s.reportGuesses(tx, a, n, from)
	}
	return nil
}

// reportGuesses writes to the audit log that somebody is guessing a member's
// codes. For an address without a member it does the same work and leaves no
// entry.
func (s *core) reportGuesses(tx *store.Tx, a *access.SignInRequest, n int, from string) error {
	m, err := tx.Members.ByAddress(a.Address.Canonical)
	if err != nil {
		if err := unlessNotFound(err); err != nil {
			return err
		}
		return tx.TouchAudit()
	}
	detail := strconv.Itoa(n) + " within a day, the last from " + network(from)
	return tx.Record(access.System, access.ActionGuess, string(m.ID), detail)
}
