package jobs

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// toTell returns the Admins that the next due item has to notify, or nil where it
// notifies none. Finding them reads more than an Update allows, so it happens
// before; each one's permission is checked again when the email is posted.
func (j *Jobs) toTell(ctx context.Context) (admins []string, err error) {
	err = j.store.View(ctx, func(tx *store.Tx) error {
		due, ok, err := tx.Schedule.Next()
		if err != nil || !ok || due.At.After(tx.Now) {
			return err
		}
		if tells, err := tellsAdmins(tx, due); err != nil || !tells {
			return err
		}
		admins, err = j.deciders(tx)
		return err
	})
	return admins, err
}

// tellsAdmins reports whether a due item notifies the Admins: of people who wait,
// or of a removed account whose inviter no longer exists.
func tellsAdmins(tx *store.Tx, due store.Due) (bool, error) {
	if due.Kind != store.DueMember {
		return due.Kind == store.DueDigest, nil
	}
	m, err := tx.Members.Get(access.MemberID(due.Ref))
	if err != nil || m.State != access.Pending || tx.Now.Before(m.RemovedAt()) {
		return false, unlessNotFound(err)
	}
	host, err := tx.Members.Get(m.Invitation.By.Member)
	return host.State != access.Active, unlessNotFound(err)
}

// tellBatch is how many Admins' emails one transaction posts, and maxTold how
// many Admins are notified at all.
const (
	tellBatch = 4
	maxTold   = 48
)

// digest decides which people the emails list and queues the emails, one batch of
// Admins at a time; the batches are due at once.
func digest(tx *store.Tx, admins []string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	g.Telling, g.Untold = g.Untold, nil
	g.ToldAt, g.Due = tx.Now, false
	for len(admins) > 0 {
		n := min(len(admins), tellBatch)
		if err := tx.Schedule.Put(store.Due{
			At:   tx.Now,
			Kind: store.DueTell,
			Ref:  strings.Join(admins[:n], "/"),
		}); err != nil {
			return err
		}
		admins = admins[n:]
	}
	return tx.PutDigest(g)
}

// deciders returns the active members who may decide on login requests; never
// nil.
func (j *Jobs) deciders(tx *store.Tx) (ids []string, err error) {
	ids = []string{}
	p, err := j.verbs.Gate.Policy(tx)
	if err != nil {
		return nil, err
	}
	seen := map[access.MemberID]bool{}
	for _, role := range p.Holding(access.May(access.Decide, access.ResMembers)) {
		some, err := tx.Members.WithRole(role, access.Active, maxTold-len(ids))
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

// tell posts the email about waiting people to one batch of Admins.
func (j *Jobs) tell(tx *store.Tx, ref string) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	var waiting []access.Member
	for _, id := range g.Telling {
		m, err := tx.Members.Get(id)
		if access.NotFound.Is(err) || err == nil && m.State != access.Pending {
			continue
		}
		if err != nil {
			return err
		}
		waiting = append(waiting, m)
	}
	if len(waiting) == 0 {
		return nil
	}
	p, err := j.verbs.Gate.Policy(tx)
	if err != nil {
		return err
	}
	for id := range strings.SplitSeq(ref, "/") {
		admin, err := tx.Members.Get(access.MemberID(id))
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
		if err := j.verbs.Steps.TellRequests(tx, &admin, waiting); err != nil {
			return err
		}
	}
	return nil
}

func unlessNotFound(err error) error {
	if access.NotFound.Is(err) {
		return nil
	}
	return err
}
