package service

import (
	"context"
	"strconv"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// What a wrong code writes, whoever it is for.
const (
	codeAnswerKeys  = 7
	codeAnswerBytes = 3 << 10
)

// RedeemCode opens a session with the code from an email, in the browser that
// asked for it. What cannot be a code is no guess. A wrong code is counted for
// the address, whichever browser, network and ask it comes by, also where there
// is nothing to guess.
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

// judge says whether a code opens, and counts it where it is wrong. Past the
// bound it judges no more: also the right code opens nothing then, or guessing
// would go on.
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

// wrongCodes are the wrong codes that count where a browser types one.
type wrongCodes struct {
	name  string // of the bucket that keeps them
	bound access.CodeLimit
	kept  store.Bucket
	wrong access.WrongCodes
}

// wrongCodesAt are those of the address, from all unknown browsers together; for a
// browser that is known to the address, its own, which no stranger can spend.
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

// codesClosed is until when no code opens for whoever asked; zero: they do.
func codesClosed(tx *store.Tx, a access.SignInRequest) (time.Time, error) {
	g, err := wrongCodesAt(tx, &a)
	return g.wrong.ClosedUntil(g.bound, tx.Now), err
}

// countWrong keeps a wrong code that was judged, and has the audit log say so
// when they are many. One that was not judged only puts right what was counted
// while the clock was ahead.
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

// reportGuesses writes into the audit log that somebody guesses at a member's
// codes. Addresses that nobody has leave nothing there but the same work.
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
