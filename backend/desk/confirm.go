package desk

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Limits for one member. They outlive a restart.
const (
	confirmEmails      = 5 // at once
	confirmEmailsEvery = 3 * time.Minute
	wrongConfirms      = 10 // at once; with what comes back, at most 20 a day
	wrongConfirmsEvery = 24 * time.Hour / wrongConfirms
)

// confirmed refuses an act that needs to know that it is still the same person,
// unless the session behind by has shown so lately. It returns the member. The
// operator holds the machine and is not asked; a token, which cannot show who
// holds it, is refused what would outlive it.
func confirmed(tx *store.Tx, by access.By, what string) (m access.Member, err error) {
	if by.Token != "" {
		return m, access.TokenOutlives(what)
	}
	return confirmedIfMember(tx, by)
}

// confirmedIfMember is confirmed for what outlives no token: there a token, which
// was made by somebody who was asked, goes on.
func confirmedIfMember(tx *store.Tx, by access.By) (m access.Member, err error) {
	if by.IsOperator() || by.Token != "" {
		return m, nil
	}
	s, m, err := ownSession(tx, by)
	if err != nil {
		return m, err
	}
	if s.ConfirmedUntil(&m, tx.Now).IsZero() {
		return m, access.ConfirmationRequired()
	}
	return m, nil
}

// ownSession is the session that a member asks with.
func ownSession(tx *store.Tx, by access.By) (s access.Session, m access.Member, err error) {
	if by.Member == "" {
		return s, m, access.SignedOutError()
	}
	if m, err = tx.Member(by.Member); err != nil {
		return s, m, err
	}
	s, ok, err := tx.Session(by.Session)
	if err == nil && (!ok || s.Member != m.ID || s.Epoch != m.Epoch) {
		err = access.ConfirmationRequired()
	}
	return s, m, err
}

// confirmedToGrant asks for a confirmation where somebody is to have more in the
// console than before: what such a one may do would outlive the session.
func confirmedToGrant(tx *store.Tx, a asker, before, after policy.Rights) error {
	for g := range after {
		if g.Action == access.Open || g.Action == access.Wait || before[g] {
			continue
		}
		_, err := confirmed(tx, a.By, "give anybody "+g.String())
		return err
	}
	return nil
}

// A ConfirmationEmail says where a code to confirm a session went.
type ConfirmationEmail struct {
	To        string // the member's address, as typed
	ExpiresAt time.Time
	Letter    access.LetterID
	Held      bool // no mail server is configured: it is in the outbox
}

// SendConfirmation emails a code to the member who asks, good for this session
// alone. One that was sent before is worth nothing.
func (d *Desk) SendConfirmation(ctx context.Context, by access.By, agent string) (out ConfirmationEmail, err error) {
	code := access.NewCode()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		s, m, err := confirmable(tx, by)
		if err != nil {
			return err
		}
		if err := d.limit(tx, "confirm "+string(m.ID), confirmEmails, confirmEmailsEvery); err != nil {
			return err
		}
		until := tx.Now.Add(access.ConfirmationCodeTTL)
		s.Code = access.ConfirmationCode{Hash: tx.CodeHash(s.Hash, string(code)), ExpiresAt: until}
		if err := tx.PutSession(s); err != nil {
			return err
		}
		out = ConfirmationEmail{To: m.Email.Typed, ExpiresAt: until, Held: !d.mail}
		f := LetterFacts{Code: code.String(), Until: until, Device: agent}
		out.Letter, err = d.post(tx, access.ConfirmationLetter, &m, until, f)
		return err
	})
	return out, err
}

// confirmable is the session that can be confirmed, and its member.
func confirmable(tx *store.Tx, by access.By) (s access.Session, m access.Member, err error) {
	switch {
	case by.IsOperator():
		return s, m, access.Errorf(access.Invalid, "Whoever holds the machine needs no confirmation.").WithCode("no_member")
	case by.Token != "":
		return s, m, access.Errorf(
			access.Forbidden,
			"A token cannot confirm who holds it. Use the console, or the server's own shell.",
		).WithCode("members_only")
	}
	s, m, err = ownSession(tx, by)
	if err == nil && m.State != access.Active {
		err = access.NotAllowed(access.May(access.Read, access.ResMembers))
	}
	return s, m, err
}

// ConfirmCode confirms the session that asks, with the code from the email, and
// says until when. A wrong code is counted, for the email and for the member.
func (d *Desk) ConfirmCode(ctx context.Context, by access.By, typed string) (until time.Time, err error) {
	code, whole := access.ParseCode(typed)
	var verdict error
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		s, m, err := confirmable(tx, by)
		if err != nil {
			return err
		}
		if !whole {
			verdict = access.NotACode()
			return nil
		}
		giveBack, err := d.countTry(tx, &m)
		if err != nil {
			return err
		}
		if verdict = s.TryCode(tx.CodeHash(s.Hash, string(code)), tx.Now); verdict != nil {
			return tx.PutSession(s)
		}
		if err := giveBack(); err != nil {
			return err
		}
		s.Confirm(&m, access.MethodEmail, tx.Now)
		until = s.ConfirmedUntil(&m, tx.Now)
		if err := tx.PutSession(s); err != nil {
			return err
		}
		return tx.Record(by, access.DidConfirm, string(m.ID), access.MethodEmail)
	})
	if err == nil {
		err = verdict
	}
	return until, err
}

// countTry counts a try against what the member has of wrong ones. A right one
// is given back.
func (d *Desk) countTry(tx *store.Tx, m *access.Member) (giveBack func() error, err error) {
	name := "wrong confirm " + string(m.ID)
	before, err := tx.Bucket(name)
	if err != nil {
		return nil, err
	}
	err = d.limit(tx, name, wrongConfirms, wrongConfirmsEvery)
	if access.TooMany.Is(err) {
		err = access.Errorf(
			access.TooMany,
			"Too many wrong codes were typed for your account today. Sign out and in again instead.",
		).WithCode("too_often")
	}
	return func() error { return tx.PutBucket(name, before, later(before.Until, tx.Now)) }, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
