package jobs

import (
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// do does one due item. admins are the Admins to notify, where the item notifies
// Admins.
func (j *Jobs) do(tx *store.Tx, due store.Due, admins []string) error {
	switch due.Kind {
	case store.DueMember:
		return j.memberDue(tx, access.MemberID(due.Ref), admins)
	case store.DueLoginLink:
		return tx.LoginLinks.Delete(access.SecretHash([]byte(due.Ref)))
	case store.DueSignInRequest:
		return requestDue(tx, access.SecretHash([]byte(due.Ref)))
	case store.DueSession:
		return tx.Sessions.Delete(access.SecretHash([]byte(due.Ref)), "")
	case store.DueEndReason:
		return tx.Sessions.DeleteEndReason(access.SecretHash([]byte(due.Ref)))
	case store.DueSessions:
		why, id, _ := strings.Cut(due.Ref, "/")
		return j.verbs.Steps.EndSessions(tx, access.MemberID(id), access.EndReason(why))
	case store.DueTokens:
		return j.verbs.Steps.DeleteTokens(tx, access.MemberID(due.Ref))
	case store.DueLeftovers:
		why, id, _ := strings.Cut(due.Ref, "/")
		more, err := tx.Members.DeleteLeftovers(access.MemberID(id), access.EndReason(why))
		if more && err == nil {
			err = tx.Schedule.Put(store.Due{At: tx.Now, Kind: store.DueLeftovers, Ref: due.Ref})
		}
		return err
	case store.DueDecision:
		return tx.Members.ForgetDecision(access.MemberID(due.Ref))
	case store.DueDigest:
		return digest(tx, admins)
	case store.DueTell:
		return j.tell(tx, due.Ref)
	case store.DueMessage:
		return messageDue(tx, access.MessageID(due.Ref))
	case store.DueDecoy:
		return tx.Evenly(
			store.OutcomeKeys,
			store.OutcomeBytes,
			func() error { return decoyDue(tx, access.MessageID(due.Ref)) },
		)
	case store.DueBucket:
		return tx.Buckets.Drop(due.Ref, due.At)
	case store.DueTrace:
		return traceDue(tx, access.Trace(due.Ref))
	}
	return nil
}

// requestDue deletes an expired sign-in request. If the browser asked again
// since, the newer request has its own due time.
func requestDue(tx *store.Tx, browser access.SecretHash) error {
	a, ok, err := tx.SignInRequests.Get(browser)
	if err != nil || !ok || tx.Now.Before(a.ExpiresAt) {
		return err
	}
	return tx.SignInRequests.Delete(a)
}

// messageDue wipes the body of an expired email, and deletes an old email. An
// email that was retried while this was postponed has a later due time of its
// own.
func messageDue(tx *store.Tx, id access.MessageID) error {
	m, err := tx.Messages.Get(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case m.Done() && tx.Now.Before(m.At.Add(store.MaxMessages)), !m.Done() && tx.Now.Before(m.ExpiresAt):
		return nil
	case m.Done():
		return tx.Messages.Delete(id)
	}
	end := func() error {
		m.Failed("Its link expired before it could be sent.", tx.Now)
		if err := tx.Messages.WipeFacts(id); err != nil {
			return err
		}
		return tx.Messages.Put(m)
	}
	if m.Kind == access.SignInMessage { // as a decoy ends
		return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, end)
	}
	return end()
}

// decoyDue deletes a decoy that has waited for a mail server for as long as an
// email would have.
func decoyDue(tx *store.Tx, id access.MessageID) error {
	m, ok, err := tx.Decoys.Get(id)
	if err != nil || !ok || tx.Now.Before(m.ExpiresAt) {
		return err
	}
	m.Failed("", tx.Now)
	if err := tx.TouchCounters(); err != nil {
		return err
	}
	return tx.Decoys.Put(m)
}

// traceDue writes an audit entry about what was noticed of one kind.
func traceDue(tx *store.Tx, t access.Trace) error {
	r, err := tx.Traces.Get(t)
	if err != nil {
		return err
	}
	said := r.Tell(tx.Now)
	if said == "" {
		return nil
	}
	if err := tx.Traces.Put(r); err != nil {
		return err
	}
	return tx.Record(access.System, access.ActionNoticeUnusual, string(t), said)
}
