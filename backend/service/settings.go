package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A SettingsChange says what to change; nil leaves a setting as it is.
type SettingsChange struct {
	Workspace  *string
	Invitation *time.Duration
}

// Workspace returns the workspace's name, for pages that are public.
func (s Settings) Workspace(ctx context.Context) (name string, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Settings()
		name = s.Workspace
		return err
	})
	return name, err
}

// Get returns the settings.
func (s Settings) Get(ctx context.Context, actor access.Actor) (out access.Settings, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		out, err = tx.Settings()
		return err
	})
	return out, err
}

// Change stores changed settings.
func (s Settings) Change(ctx context.Context, actor access.Actor, c SettingsChange) (out access.Settings, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		if out, err = tx.Settings(); err != nil {
			return err
		}
		var what []string
		if c.Workspace != nil {
			if out.Workspace, err = access.CleanText("workspace", *c.Workspace, access.MaxWorkspace); err != nil {
				return err
			}
			what = append(what, "workspace")
		}
		if c.Invitation != nil {
			out.InvitationTTL = access.Seconds(*c.Invitation)
			what = append(what, "invitation")
		}
		if len(what) == 0 {
			return access.Errorf(access.Invalid, "Say what to change: workspace or invitation.").
				WithCode("nothing_to_change")
		}
		if err := out.Check(); err != nil {
			return err
		}
		if err := tx.PutSettings(out); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionChangeSettings, "settings", strings.Join(what, ", "))
	})
	return out, err
}

// Clock returns the state of the server's clock, compared with what is known of
// the time.
func (s Settings) Clock() store.ClockState { return s.store.Clock() }

// TrustClock records that a caller who may change settings says the clock is
// right: what waits is done then. While the clock is not held nothing waits, so a
// second press changes nothing and leaves no entry.
func (s Settings) TrustClock(ctx context.Context, actor access.Actor) error {
	s.trustClock.Lock()
	defer s.trustClock.Unlock()
	change := access.May(access.Change, access.ResSettings)
	c := s.store.Clock()
	if !c.Held() {
		return s.view(ctx, actor, change, func(*store.Tx) error { return nil })
	}
	return s.store.TrustClock(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, change); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionTrustClock, "clock", howFar(c))
	})
}

// howFar returns by how much a held clock is off, in hours: "744 hours ahead".
func howFar(c store.ClockState) string {
	if c.Behind > 0 {
		return fmt.Sprintf("%.0f hours behind", c.Behind.Hours())
	}
	return fmt.Sprintf("%.0f hours ahead", c.Ahead.Hours())
}
