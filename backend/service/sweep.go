package service

import (
	"context"
	"math"
	"strings"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Run does what nobody has to ask for, until ctx ends: it answers asks for
// sign-in emails, on the beat, and sweeps what falls due.
func (s Jobs) Run(ctx context.Context) {
	var answering sync.WaitGroup
	answering.Go(func() { s.answerOnBeat(ctx) })
	defer answering.Wait()
	for {
		s.nextDue.Store(math.MaxInt64) // until it is known, whatever falls due wakes
		next, err := s.sweepByClock(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "what fell due could not be done", "err", err)
			next = s.store.Now().Add(time.Minute)
		}
		s.nextDue.Store(next.UnixMicro())
		timer := time.NewTimer(max(time.Millisecond, min(next.Sub(s.store.Now()), time.Hour)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.due:
		case <-s.gate.UsesDue():
			s.gate.KeepUses(ctx)
		}
		timer.Stop()
		if ctx.Err() != nil {
			s.gate.KeepUses(context.WithoutCancel(ctx))
			return
		}
	}
}

// Sweep does all that has fallen due, each thing in a transaction of its own.
// It returns when the next thing will.
func (s Jobs) Sweep(ctx context.Context) (next time.Time, err error) {
	for {
		var more bool
		var due store.Due
		admins, err := s.toTell(ctx)
		if err != nil {
			return next, err
		}
		err = s.store.Update(ctx, func(tx *store.Tx) error {
			next = tx.Now.Add(time.Hour)
			var ok bool
			var err error
			due, ok, err = tx.NextDue()
			if more = err == nil && ok && !due.At.After(tx.Now); !more {
				if ok {
					next = due.At
				}
				return err
			}
			if admins == nil { // it came just now: look for whom to tell first
				if tells, err := s.tellsAdmins(tx, due); err != nil || tells {
					return err
				}
			}
			if err := tx.ClearDue(due); err != nil {
				return err
			}
			return s.sweep(tx, due, admins)
		})
		if err != nil && more && ctx.Err() == nil && !access.Unavailable.Is(err) {
			s.log.ErrorContext(ctx, "what fell due could not be done; it waits", "kind", string(rune(due.Kind)), "err", err)
			err = s.postpone(ctx, due)
		}
		if err != nil || !more {
			return next, err
		}
	}
}

// postponed is how long what could not be done waits, so that the rest goes on.
const postponed = 10 * time.Minute

func (s *core) postpone(ctx context.Context, due store.Due) error {
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.PutOff(due, tx.Now.Add(postponed)) })
}

// toTell is whom the next thing that falls due is to tell: nil where it tells
// no Admins. Looking for them reads more than an Update bears; who gets an email
// is asked again when it is posted.
func (s *core) toTell(ctx context.Context) (admins []string, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		due, ok, err := tx.NextDue()
		if err != nil || !ok || due.At.After(tx.Now) {
			return err
		}
		if tells, err := s.tellsAdmins(tx, due); err != nil || !tells {
			return err
		}
		admins, err = s.deciders(tx)
		return err
	})
	return admins, err
}

// tellsAdmins reports whether what falls due is for the Admins to hear of: people
// who wait, or the end of an account whose inviter is not here to be told.
func (s *core) tellsAdmins(tx *store.Tx, due store.Due) (bool, error) {
	if due.Kind != store.DueMember {
		return due.Kind == store.DueDigest, nil
	}
	m, err := tx.Member(access.MemberID(due.Ref))
	if err != nil || m.State != access.Pending || tx.Now.Before(m.RemovedAt()) {
		return false, unlessNotFound(err)
	}
	host, err := tx.Member(m.Invitation.By.Member)
	return host.State != access.Active, unlessNotFound(err)
}

func (s *core) sweep(tx *store.Tx, due store.Due, admins []string) error {
	switch due.Kind {
	case store.DueMember:
		return s.memberDue(tx, access.MemberID(due.Ref), admins)
	case store.DueLoginLink:
		return tx.DeleteLoginLink(access.SecretHash([]byte(due.Ref)))
	case store.DueSignInRequest:
		return s.requestDue(tx, access.SecretHash([]byte(due.Ref)))
	case store.DueSession:
		return tx.DeleteSession(access.SecretHash([]byte(due.Ref)), "")
	case store.DueEndReason:
		return tx.DeleteEndReason(access.SecretHash([]byte(due.Ref)))
	case store.DueSessions:
		why, id, _ := strings.Cut(due.Ref, "/")
		return s.endSessions(tx, access.MemberID(id), access.EndReason(why))
	case store.DueTokens:
		return s.deleteTokens(tx, access.System, access.MemberID(due.Ref))
	case store.DueLeftovers:
		why, id, _ := strings.Cut(due.Ref, "/")
		more, err := tx.DeleteLeftovers(access.MemberID(id), access.EndReason(why))
		if more && err == nil {
			err = tx.PutDue(store.Due{At: tx.Now, Kind: store.DueLeftovers, Ref: due.Ref})
		}
		return err
	case store.DueDecision:
		return tx.ForgetDecision(access.MemberID(due.Ref))
	case store.DueDigest:
		return s.digest(tx, admins)
	case store.DueTell:
		return s.tell(tx, due.Ref)
	case store.DueMessage:
		return s.messageDue(tx, access.MessageID(due.Ref))
	case store.DueDecoy:
		return tx.Evenly(
			store.OutcomeKeys,
			store.OutcomeBytes,
			func() error { return s.decoyDue(tx, access.MessageID(due.Ref)) },
		)
	case store.DueBucket:
		return tx.DropBucket(due.Ref, due.At)
	case store.DueTrace:
		return s.traceDue(tx, access.Trace(due.Ref))
	}
	return nil
}

// requestDue forgets an ask whose time is over. One that was asked again has a later
// due time of its own.
func (s *core) requestDue(tx *store.Tx, browser access.SecretHash) error {
	a, ok, err := tx.SignInRequest(browser)
	if err != nil || !ok || tx.Now.Before(a.ExpiresAt) {
		return err
	}
	return tx.DeleteSignInRequest(a)
}

// messageDue wipes an email whose words have expired, and forgets an old one. A
// email that was tried again while this was put off has a later time of its own.
func (s *core) messageDue(tx *store.Tx, id access.MessageID) error {
	l, err := tx.Message(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case l.Done() && tx.Now.Before(l.At.Add(store.MaxMessages)), !l.Done() && tx.Now.Before(l.ExpiresAt):
		return nil
	case l.Done():
		return tx.DeleteMessage(id)
	}
	end := func() error {
		l.Failed("Its link expired before it could be sent.", tx.Now)
		if err := tx.WipeFacts(id); err != nil {
			return err
		}
		return tx.PutMessage(l)
	}
	if l.Kind == access.SignInMessage { // as a decoy ends
		return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, end)
	}
	return end()
}

// memberDue does what falls due on a pending member: the reminder, the end of
// the invitation, the end of the account.
func (s *core) memberDue(tx *store.Tx, id access.MemberID, admins []string) error {
	m, err := tx.Member(id)
	if access.NotFound.Is(err) || err == nil && m.State != access.Pending {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case !tx.Now.Before(m.RemovedAt()):
		return s.abandon(tx, m, admins)
	case m.ExpireInvitation(tx.Now):
		if err := tx.Record(access.System, access.ActionExpire, string(id), ""); err != nil {
			return err
		}
	case m.Remind(tx.Now):
		if err := s.sendInvitation(tx, &m, access.NewSecret(), access.ExpiringMessage, access.PriorityDigest, access.Actor{}); err != nil {
			return err
		}
		if err := tx.Record(access.System, access.ActionRemind, string(id), ""); err != nil {
			return err
		}
	}
	return tx.PutMember(m)
}

// abandon deletes a pending account that nobody decided on, and tells the one
// who invited; where they are not here, a handful of the Admins.
func (s *core) abandon(tx *store.Tx, m access.Member, admins []string) error {
	if err := tx.DeleteMember(m, access.EndedRemoved); err != nil {
		return err
	}
	if err := tx.Record(access.System, access.ActionRemoveUndecided, string(m.ID), ""); err != nil {
		return err
	}
	tell := admins[:min(len(admins), tellBatch)]
	if len(tell) == 0 {
		tell = []string{string(m.Invitation.By.Member)}
	}
	for _, id := range tell {
		host, err := tx.Member(access.MemberID(id))
		if access.NotFound.Is(err) || err == nil && host.State != access.Active {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := s.post(tx, access.UndecidedMessage, &host, time.Time{}, access.MessageFacts{Pending: []access.PendingPerson{waitingPerson(m)}}); err != nil {
			return err
		}
	}
	return nil
}

func waitingPerson(m access.Member) access.PendingPerson {
	return access.PendingPerson{Name: m.Name, Email: m.Email.Typed, Roles: m.Roles, Since: m.JoinedAt()}
}

// tellInterval is how often, at most, Admins get an email about people waiting.
const tellInterval = 15 * time.Minute

// tellAdmins notes that somebody waits: Admins are told at once, or with the
// next email if one went out a short while ago.
func (s *core) tellAdmins(tx *store.Tx, id access.MemberID) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	if len(g.Untold) < maxUntold {
		g.Untold = append(g.Untold, id)
	}
	if !g.Due {
		at := tx.Now
		if next := g.ToldAt.Add(tellInterval); !g.ToldAt.IsZero() && next.After(at) {
			at = next
		}
		g.Due = true
		if err := tx.PutDue(store.Due{At: at, Kind: store.DueDigest}); err != nil {
			return err
		}
	}
	return tx.PutDigest(g)
}

// maxUntold bounds one digest; those beyond it are in the console all the same.
const maxUntold = 40

// tellBatch is how many Admins' emails one transaction posts, and maxTold
// how many Admins are told at all.
const (
	tellBatch = 4
	maxTold   = 48
)

// digest fixes whom the emails name; each handful of the Admins who get one
// then falls due at once.
func (s *core) digest(tx *store.Tx, admins []string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	g.ToldAt, g.Telling, g.Untold, g.Due = tx.Now, g.Untold, nil, false
	for len(admins) > 0 {
		n := min(len(admins), tellBatch)
		if err := tx.PutDue(store.Due{At: tx.Now, Kind: store.DueTell, Ref: strings.Join(admins[:n], "/")}); err != nil {
			return err
		}
		admins = admins[n:]
	}
	return tx.PutDigest(g)
}

// deciders are the active members who may decide on requests; never nil.
func (s *core) deciders(tx *store.Tx) (ids []string, err error) {
	ids = []string{}
	p, err := s.gate.Policy(tx)
	if err != nil {
		return nil, err
	}
	seen := map[access.MemberID]bool{}
	for _, role := range p.Holding(access.May(access.Decide, access.ResMembers)) {
		some, err := tx.Holders(role, access.Active, maxTold-len(ids))
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, string(id))
			}
		}
		if len(ids) >= maxTold {
			break
		}
	}
	return ids, nil
}

// tell posts the email about people waiting to a handful of Admins.
func (s *core) tell(tx *store.Tx, ref string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	var waiting []access.PendingPerson
	for _, id := range g.Telling {
		m, err := tx.Member(id)
		if access.NotFound.Is(err) || err == nil && m.State != access.Pending {
			continue
		}
		if err != nil {
			return err
		}
		waiting = append(waiting, waitingPerson(m))
	}
	if len(waiting) == 0 {
		return nil
	}
	p, err := s.gate.Policy(tx)
	if err != nil {
		return err
	}
	for id := range strings.SplitSeq(ref, "/") {
		admin, err := tx.Member(access.MemberID(id))
		if access.NotFound.Is(err) || err == nil && admin.MuteDigest {
			continue
		}
		if err != nil {
			return err
		}
		rights, err := p.Permissions(admin.State, admin.Roles)
		if err != nil {
			return err
		}
		if !rights[access.May(access.Decide, access.ResMembers)] {
			continue
		}
		if _, err := s.post(tx, access.RequestsMessage, &admin, time.Time{}, access.MessageFacts{Pending: waiting}); err != nil {
			return err
		}
	}
	return nil
}
