package service_test

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// The machine's clock is a month ahead, and somebody who may not change settings
// confirms that it is right, so that every pending member would be deleted. They
// are refused, the clock stays held, and nothing is logged. An Admin's
// confirmation counts, and is logged once.
func TestOnlyPermittedMembersTrustTheClock(t *testing.T) {
	fx := newFixture(t, func(fx *fixture) { fx.up = func() time.Duration { return 0 } })
	must(t, fx.store.KeepClock(t.Context()))
	trusted := func() (said []string) {
		must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
			log, err := tx.AuditLog.Since(0, 200)
			for _, e := range log {
				if e.Action == access.ActionTrustClock {
					said = append(said, e.Detail)
				}
			}
			return err
		}))
		return said
	}
	fx.clock.forward(31 * day)
	for name, actor := range map[string]access.Actor{"a member": fx.fay, "nobody": {}} {
		if err := fx.Settings.TrustClock(t.Context(), actor); err == nil || !fx.Settings.Clock().
			Held() || len(trusted()) > 0 {
			t.Errorf("%s: %v, then %+v and %q in the log", name, err, fx.Settings.Clock(), trusted())
		}
	}
	for range 2 {
		must(t, fx.Settings.TrustClock(t.Context(), fx.ann))
	}
	if got := trusted(); fx.Settings.Clock().Held() || len(got) != 1 || got[0] != "744 hours ahead" {
		t.Errorf("an Admin's word: %+v, and %q in the log", fx.Settings.Clock(), got)
	}
	fx.verify()
}
