package jobs

import (
	"doorward/backend/access"
	"doorward/backend/store"
)

// memberDue does what is due for a pending member: the reminder, the expiry of
// the invitation, the removal of the account.
func (j *Jobs) memberDue(tx *store.Tx, id access.MemberID, admins []string) error {
	m, err := tx.Members.Get(id)
	if access.NotFound.Is(err) || err == nil && m.State != access.Pending {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case !tx.Now.Before(m.RemovedAt()):
		return j.abandon(tx, m, admins)
	case m.ExpireInvitation(tx.Now):
		if err := tx.Record(access.System, access.ActionExpire, string(id), ""); err != nil {
			return err
		}
	case m.Remind(tx.Now):
		if err := j.verbs.Steps.Remind(tx, &m); err != nil {
			return err
		}
		if err := tx.Record(access.System, access.ActionRemind, string(id), ""); err != nil {
			return err
		}
	}
	return tx.Members.Put(m)
}

// abandon deletes a pending account without a decision and notifies the
// inviter, or, if the inviter no longer exists, one batch of Admins.
func (j *Jobs) abandon(tx *store.Tx, m access.Member, admins []string) error {
	if err := tx.Members.Delete(m, access.EndedRemoved); err != nil {
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
		host, err := tx.Members.Get(access.MemberID(id))
		if access.NotFound.Is(err) || err == nil && host.State != access.Active {
			continue
		}
		if err != nil {
			return err
		}
		if err := j.verbs.Steps.TellUndecided(tx, &host, m); err != nil {
			return err
		}
	}
	return nil
}
