package desk

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
// sign-in letters, on the beat, and sweeps what falls due.
func (d *Desk) Run(ctx context.Context) {
	var answering sync.WaitGroup
	answering.Go(func() { d.answerOnBeat(ctx) })
	defer answering.Wait()
	for {
		d.nextDue.Store(math.MaxInt64) // until it is known, whatever falls due wakes
		next, err := d.sweepByClock(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "what fell due could not be done", "err", err)
			next = d.store.Now().Add(time.Minute)
		}
		d.nextDue.Store(next.UnixMicro())
		timer := time.NewTimer(max(time.Millisecond, min(next.Sub(d.store.Now()), time.Hour)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-d.due:
		case <-d.uses.due():
			d.keepUses(ctx)
		}
		timer.Stop()
		if ctx.Err() != nil {
			d.keepUses(context.WithoutCancel(ctx))
			return
		}
	}
}

// Sweep does all that has fallen due, each thing in a transaction of its own.
// It returns when the next thing will.
func (d *Desk) Sweep(ctx context.Context) (next time.Time, err error) {
	for {
		var more bool
		var due store.Due
		admins, err := d.toTell(ctx)
		if err != nil {
			return next, err
		}
		err = d.store.Update(ctx, func(tx *store.Tx) error {
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
				if tells, err := d.tellsAdmins(tx, due); err != nil || tells {
					return err
				}
			}
			if err := tx.ClearDue(due); err != nil {
				return err
			}
			return d.sweep(tx, due, admins)
		})
		if err != nil && more && ctx.Err() == nil && !access.Unavailable.Is(err) {
			d.log.ErrorContext(ctx, "what fell due could not be done; it waits", "kind", string(rune(due.Kind)), "err", err)
			err = d.postpone(ctx, due)
		}
		if err != nil || !more {
			return next, err
		}
	}
}

// postponed is how long what could not be done waits, so that the rest goes on.
const postponed = 10 * time.Minute

func (d *Desk) postpone(ctx context.Context, due store.Due) error {
	return d.store.Update(ctx, func(tx *store.Tx) error { return tx.PutOff(due, tx.Now.Add(postponed)) })
}

// toTell is whom the next thing that falls due is to tell: nil where it tells
// no Admins. Looking for them reads more than an Update bears; who gets a letter
// is asked again when it is posted.
func (d *Desk) toTell(ctx context.Context) (admins []string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		due, ok, err := tx.NextDue()
		if err != nil || !ok || due.At.After(tx.Now) {
			return err
		}
		if tells, err := d.tellsAdmins(tx, due); err != nil || !tells {
			return err
		}
		admins, err = d.deciders(tx)
		return err
	})
	return admins, err
}

// tellsAdmins reports whether what falls due is for the Admins to hear of: people
// who wait, or the end of an account whose inviter is not here to be told.
func (d *Desk) tellsAdmins(tx *store.Tx, due store.Due) (bool, error) {
	if due.Kind != store.DueMember {
		return due.Kind == store.DueDigest, nil
	}
	m, err := tx.Member(access.MemberID(due.Ref))
	if err != nil || m.State != access.Pending || tx.Now.Before(m.Abandoned()) {
		return false, unlessNotFound(err)
	}
	host, err := tx.Member(m.Invitation.By.Member)
	return host.State != access.Active, unlessNotFound(err)
}

func (d *Desk) sweep(tx *store.Tx, due store.Due, admins []string) error {
	switch due.Kind {
	case store.DueMember:
		return d.memberDue(tx, access.MemberID(due.Ref), admins)
	case store.DueLogin:
		return tx.DeleteLogin(access.SecretHash([]byte(due.Ref)))
	case store.DueAsk:
		return d.askDue(tx, access.SecretHash([]byte(due.Ref)))
	case store.DueSession:
		return tx.DeleteSession(access.SecretHash([]byte(due.Ref)), "")
	case store.DueEnding:
		return tx.DeleteEnding(access.SecretHash([]byte(due.Ref)))
	case store.DueSessions:
		why, id, _ := strings.Cut(due.Ref, "/")
		return d.endSessions(tx, access.MemberID(id), access.Ending(why))
	case store.DueTokens:
		return d.deleteTokens(tx, access.System, access.MemberID(due.Ref))
	case store.DueLeftovers:
		why, id, _ := strings.Cut(due.Ref, "/")
		more, err := tx.DeleteLeftovers(access.MemberID(id), access.Ending(why))
		if more && err == nil {
			err = tx.PutDue(store.Due{At: tx.Now, Kind: store.DueLeftovers, Ref: due.Ref})
		}
		return err
	case store.DueDecision:
		return tx.ForgetDecision(access.MemberID(due.Ref))
	case store.DueDigest:
		return d.digest(tx, admins)
	case store.DueTell:
		return d.tell(tx, due.Ref)
	case store.DueLetter:
		return d.letterDue(tx, access.LetterID(due.Ref))
	case store.DueDecoy:
		return tx.Evenly(
			store.OutcomeKeys,
			store.OutcomeBytes,
			func() error { return d.decoyDue(tx, access.LetterID(due.Ref)) },
		)
	case store.DueBucket:
		return tx.DropBucket(due.Ref, due.At)
	case store.DueTrace:
		return d.traceDue(tx, access.Trace(due.Ref))
	}
	return nil
}

// askDue forgets an ask whose time is over. One that was asked anew has a later
// due time of its own.
func (d *Desk) askDue(tx *store.Tx, browser access.SecretHash) error {
	a, ok, err := tx.Ask(browser)
	if err != nil || !ok || tx.Now.Before(a.ExpiresAt) {
		return err
	}
	return tx.DeleteAsk(a)
}

// letterDue wipes a letter whose words have expired, and forgets an old one. A
// letter that was tried anew while this was put off has a later time of its own.
func (d *Desk) letterDue(tx *store.Tx, id access.LetterID) error {
	l, err := tx.Letter(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case l.Done() && tx.Now.Before(l.At.Add(store.LettersKept)), !l.Done() && tx.Now.Before(l.GoodUntil):
		return nil
	case l.Done():
		return tx.DeleteLetter(id)
	}
	end := func() error {
		l.Failed("Its link expired before it could be sent.", tx.Now)
		return firstOf(tx.WipeWords(id), tx.PutLetter(l))
	}
	if l.Kind == access.SignInLetter { // as a decoy ends
		return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, end)
	}
	return end()
}

// memberDue does what falls due on a pending member: the reminder, the end of
// the invitation, the end of the account.
func (d *Desk) memberDue(tx *store.Tx, id access.MemberID, admins []string) error {
	m, err := tx.Member(id)
	if access.NotFound.Is(err) || err == nil && m.State != access.Pending {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case !tx.Now.Before(m.Abandoned()):
		return d.abandon(tx, m, admins)
	case m.EndInvitation(tx.Now):
		if err := tx.Record(access.System, access.DidExpire, string(id), ""); err != nil {
			return err
		}
	case m.Remind(tx.Now):
		if err := d.sendInvitation(tx, &m, access.NewSecret(), access.ExpiringLetter, access.Told, access.By{}); err != nil {
			return err
		}
		if err := tx.Record(access.System, access.DidRemind, string(id), ""); err != nil {
			return err
		}
	}
	return tx.PutMember(m)
}

// abandon deletes a pending account that nobody decided on, and tells the one
// who invited; where they are not here, a handful of the Admins.
func (d *Desk) abandon(tx *store.Tx, m access.Member, admins []string) error {
	if err := tx.DeleteMember(m, access.EndedRemoved); err != nil {
		return err
	}
	if err := tx.Record(access.System, access.DidAbandon, string(m.ID), ""); err != nil {
		return err
	}
	tell := admins[:min(len(admins), tellAtOnce)]
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
		if _, err := d.post(tx, access.AbandonedLetter, &host, time.Time{}, LetterFacts{Waiting: []WaitingPerson{waitingPerson(m)}}); err != nil {
			return err
		}
	}
	return nil
}

func waitingPerson(m access.Member) WaitingPerson {
	return WaitingPerson{Name: m.Name, Email: m.Email.Typed, Roles: roleStrings(m.Roles), Since: m.Came()}
}

// tellEvery is how often, at most, Admins get a letter about people waiting.
const tellEvery = 15 * time.Minute

// tellAdmins notes that somebody waits: Admins are told at once, or with the
// next letter if one went out a short while ago.
func (d *Desk) tellAdmins(tx *store.Tx, id access.MemberID) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	if len(g.Untold) < mostUntold {
		g.Untold = append(g.Untold, id)
	}
	if !g.Due {
		at := tx.Now
		if next := g.ToldAt.Add(tellEvery); !g.ToldAt.IsZero() && next.After(at) {
			at = next
		}
		g.Due = true
		if err := tx.PutDue(store.Due{At: at, Kind: store.DueDigest}); err != nil {
			return err
		}
	}
	return tx.PutDigest(g)
}

// mostUntold bounds one digest; those beyond it are in the console all the same.
const mostUntold = 40

// tellAtOnce is how many Admins' letters one transaction posts, and mostTold
// how many Admins are told at all.
const (
	tellAtOnce = 4
	mostTold   = 48
)

// digest fixes whom the letters name; each handful of the Admins who get one
// then falls due at once.
func (d *Desk) digest(tx *store.Tx, admins []string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	g.ToldAt, g.Telling, g.Untold, g.Due = tx.Now, g.Untold, nil, false
	for len(admins) > 0 {
		n := min(len(admins), tellAtOnce)
		if err := tx.PutDue(store.Due{At: tx.Now, Kind: store.DueTell, Ref: strings.Join(admins[:n], "/")}); err != nil {
			return err
		}
		admins = admins[n:]
	}
	return tx.PutDigest(g)
}

// deciders are the active members who may decide on requests; never nil.
func (d *Desk) deciders(tx *store.Tx) (ids []string, err error) {
	ids = []string{}
	p, err := d.policyNow(tx)
	if err != nil {
		return nil, err
	}
	seen := map[access.MemberID]bool{}
	for _, role := range p.Holding(access.May(access.Decide, access.ResMembers)) {
		some, err := tx.Holders(role, access.Active, mostTold-len(ids))
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, string(id))
			}
		}
		if len(ids) >= mostTold {
			break
		}
	}
	return ids, nil
}

// tell posts the letter about people waiting to a handful of Admins.
func (d *Desk) tell(tx *store.Tx, ref string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	var waiting []WaitingPerson
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
	p, err := d.policyNow(tx)
	if err != nil {
		return err
	}
	for id := range strings.SplitSeq(ref, "/") {
		admin, err := tx.Member(access.MemberID(id))
		if access.NotFound.Is(err) || err == nil && admin.Quiet {
			continue
		}
		if err != nil {
			return err
		}
		rights, err := p.Rights(admin.State, admin.Roles)
		if err != nil {
			return err
		}
		if !rights[access.May(access.Decide, access.ResMembers)] {
			continue
		}
		if _, err := d.post(tx, access.WaitingLetter, &admin, time.Time{}, LetterFacts{Waiting: waiting}); err != nil {
			return err
		}
	}
	return nil
}
