package service

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Limits for one member. They survive a restart.
const (
	maxConfirmEmails          = 5 // at once
	confirmEmailInterval      = 3 * time.Minute
	maxWrongConfirmations     = 10 // at once; with those that become available again, at most 20 a day
	wrongConfirmationInterval = 24 * time.Hour / maxWrongConfirmations
)

// confirmed returns the calling member, and refuses an act that requires a recent
// proof that the session is still in its owner's hands, unless the session was
// confirmed lately. The operator holds the machine and needs no confirmation. A
// token cannot confirm, so it is refused whatever would outlive it.
func confirmed(tx *store.Tx, actor access.Actor) (m access.Member, err error) {
	if actor.Token != "" {
		return m, access.TokenOutlivesSession()
	}
	return confirmedIfMember(tx, actor)
}

// confirmedIfMember is confirmed for acts that do not outlive a token: tokens may
// do them, because each was made in a confirmed session.
func confirmedIfMember(tx *store.Tx, actor access.Actor) (m access.Member, err error) {
	if actor.IsOperator() && actor.Member != "" {
		return tx.Members.Get(actor.Member)
	}
	if actor.IsOperator() || actor.Token != "" {
		return m, nil
	}
	opened, m, err := ownSession(tx, actor)
	if err != nil {
		return m, err
	}
	if opened.ConfirmedUntil(&m, tx.Now).IsZero() {
		return m, access.ConfirmationRequired()
	}
	return m, nil
}

// ownSession is the session that the member's request came with.
func ownSession(tx *store.Tx, actor access.Actor) (opened access.Session, m access.Member, err error) {
	if actor.Member == "" {
		return opened, m, access.SignedOutError()
	}
	if m, err = tx.Members.Get(actor.Member); err != nil {
		return opened, m, err
	}
	opened, ok, err := tx.Sessions.Get(actor.Session)
	if err == nil && (!ok || opened.Member != m.ID || opened.Epoch != m.Epoch) {
		err = access.ConfirmationRequired()
	}
	return opened, m, err
}

// confirmedToGrant requires a confirmation to give a member more permissions in
// the console, since what that person may then do would outlive the session.
func confirmedToGrant(tx *store.Tx, a gate.Authorized, before, after policy.Permissions) error {
	for g := range after {
		if g.Action == access.Open || g.Action == access.Wait || before[g] {
			continue
		}
		_, err := confirmed(tx, a.Actor)
		return err
	}
	return nil
}

// asAdmin answers with the refusal unless the caller could make an Admin.
func asAdmin(a gate.Authorized, refusal *access.Error) error {
	if _, err := a.Grantable([]access.RoleName{access.Admin}); err != nil {
		return refusal.WithCode("admin_only").Because(err)
	}
	return nil
}

// A ConfirmationEmail says where a code to confirm a session was sent.
type ConfirmationEmail struct {
	To        string // the member's address, as typed
	ExpiresAt time.Time
	Message   access.MessageID
	Held      bool // no mail server is configured: the email is in the outbox
}

// SendConfirmation emails the calling member a code that is valid for this
// session only. It replaces the code that was sent before. The operator has nothing to
// confirm (Invalid), a token cannot (Forbidden), and too many emails within a while are
// TooMany. Where no mail server is set up the email is held, and out says so.
func (s Sessions) SendConfirmation(ctx context.Context, actor access.Actor, agent string) (out ConfirmationEmail,
	err error) {
	code := access.NewCode()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		opened, m, err := confirmable(tx, actor)
		if err != nil {
			return err
		}
		if err := s.limit(tx, "confirm "+string(m.ID), maxConfirmEmails, confirmEmailInterval); err != nil {
			return err
		}
		until := tx.Now.Add(access.ConfirmationCodeTTL)
		opened.Code = access.ConfirmationCode{Hash: tx.CodeHash(opened.Hash, string(code)), ExpiresAt: until}
		if err := tx.Sessions.Put(opened); err != nil {
			return err
		}
		in, err := s.site(tx)
		if err != nil {
			return err
		}
		out = ConfirmationEmail{To: m.Email.Typed, ExpiresAt: until, Held: !in.mail}
		f := access.MessageFacts{Code: code.String(), Until: until, Device: agent}
		out.Message, err = s.post(tx, access.ConfirmationMessage, &m, until, f)
		return err
	})
	return out, err
}

// confirmable returns the session that can be confirmed, and its member.
func confirmable(tx *store.Tx, actor access.Actor) (opened access.Session, m access.Member, err error) {
	switch {
	case actor.IsOperator():
		return opened, m, access.Errorf(access.Invalid, "The server operator does not need to confirm their identity.").
			WithCode("no_member")
	case actor.Token != "":
		return opened, m, access.Errorf(
			access.Forbidden,
			"A token cannot confirm your identity. Use the console or the server's command line.",
		).WithCode("members_only")
	}
	opened, m, err = ownSession(tx, actor)
	if err == nil && m.State != access.Active {
		err = access.NotAllowed(access.May(access.Read, access.ResMembers))
	}
	return opened, m, err
}

// ConfirmCode confirms the calling session with the code from the email, and
// returns when the confirmation expires. A wrong code counts against the email
// and against the member: after too many, the email's code is void, and every code of the
// member is TooMany for a while. One that is no code at all is Invalid and does not count.
func (s Sessions) ConfirmCode(ctx context.Context, actor access.Actor, typed string) (until time.Time, err error) {
	code, whole := access.ParseCode(typed)
	var verdict error
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		opened, m, err := confirmable(tx, actor)
		if err != nil {
			return err
		}
		if !whole {
			verdict = access.MalformedCode()
			return nil
		}
		giveBack, err := s.countTry(tx, &m)
		if err != nil {
			return err
		}
		if verdict = opened.CheckCode(tx.CodeHash(opened.Hash, string(code)), tx.Now); verdict != nil {
			return tx.Sessions.Put(opened)
		}
		if err := giveBack(); err != nil {
			return err
		}
		opened.Confirm(&m, access.MethodEmail, tx.Now)
		until = opened.ConfirmedUntil(&m, tx.Now)
		if err := tx.Sessions.Put(opened); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionConfirm, string(m.ID), access.MethodEmail)
	})
	if err == nil {
		err = verdict
	}
	return until, err
}

// countTry counts a try against the member's limit of wrong codes. A right code
// is refunded.
func (s *core) countTry(tx *store.Tx, m *access.Member) (giveBack func() error, err error) {
	name := "wrong confirm " + string(m.ID)
	before, err := tx.Buckets.Get(name)
	if err != nil {
		return nil, err
	}
	err = s.limit(tx, name, maxWrongConfirmations, wrongConfirmationInterval)
	if access.TooMany.Is(err) {
		err = access.Errorf(
			access.TooMany,
			"Too many wrong codes were entered for your account today. Sign out and in again instead.",
		).WithCode("too_often")
	}
	return func() error { return tx.Buckets.Put(name, before, later(before.Until, tx.Now)) }, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
