package service

import (
	"context"
	"slices"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A ChecklistStep is one thing that a new workspace needs.
type ChecklistStep struct {
	Name string // as the API names it
	Done bool
}

// AllDone reports whether nothing is left to do.
func AllDone(steps []ChecklistStep) bool {
	return !slices.ContainsFunc(steps, func(s ChecklistStep) bool { return !s.Done })
}

// Checklist returns what a new workspace needs, and whether it is done. It reads the state
// as it is now: what was done and undone is to do again.
func (s Dashboard) Checklist(ctx context.Context, actor access.Actor) (steps []ChecklistStep, err error) {
	err = s.view(ctx, actor, access.May(access.Change, access.ResSettings), func(tx *store.Tx) error {
		steps, err = s.checklist(tx)
		return err
	})
	return steps, err
}

func (s *core) checklist(tx *store.Tx) ([]ChecklistStep, error) {
	in, err := s.site(tx)
	if err != nil {
		return nil, err
	}
	n, err := tx.Counters()
	if err != nil {
		return nil, err
	}
	health, err := tx.MailHealth()
	if err != nil {
		return nil, err
	}
	invited, approved := n.Members() > 1, n.Active+n.Suspended > 1
	if !invited { // whoever was invited may have been removed again
		if invited, err = tx.AuditLog.Has(access.ActionInvite); err != nil {
			return nil, err
		}
	}
	if !approved {
		if approved, err = tx.AuditLog.Has(access.ActionApprove); err != nil {
			return nil, err
		}
	}
	backup, err := tx.AuditLog.Has(access.ActionBackUp, access.ActionRestoreData)
	return []ChecklistStep{
		{"mail_server", in.mail && !health.LastSent.IsZero()}, // without an accepted email nobody knows
		{"public_url", strings.HasPrefix(in.publicURL, "https://")},
		{"second_admin", n.Admins > 1},
		{"first_invitation", invited},
		{"first_approval", approved},
		{"backup", backup},
	}, err
}

// RecordBackup records that a backup was made: whoever has it can act as this Doorward.
func (s Settings) RecordBackup(ctx context.Context, actor access.Actor) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionBackUp, "", "")
	})
}
