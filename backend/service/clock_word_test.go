package service_test

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// The clock of a machine is a month ahead, and somebody who may not change settings
// says that it is right, so that everybody who waits is deleted. They are refused, the
// clock stays held, and nothing is in the log; an Admin is heard, once.
func TestOnlyWhoMayBelievesTheClock(t *testing.T) {
	o := openOffice(t, func(o *office) { o.up = func() time.Duration { return 0 } })
	must(t, o.store.KeepClock(t.Context()))
	words := func() (said []string) {
		must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
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
	o.clock.forward(31 * day)
	for name, actor := range map[string]access.Actor{"a member": o.fay, "nobody": {}} {
		if err := o.Settings.TrustClock(t.Context(), actor); err == nil || !o.Settings.Clock().
			Held() || len(words()) > 0 {
			t.Errorf("%s: %v, then %+v and %q in the log", name, err, o.Settings.Clock(), words())
		}
	}
	for range 2 {
		must(t, o.Settings.TrustClock(t.Context(), o.ann))
	}
	if got := words(); o.Settings.Clock().Held() || len(got) != 1 || got[0] != "744 hours ahead" {
		t.Errorf("an Admin's word: %+v, and %q in the log", o.Settings.Clock(), got)
	}
	o.verify()
}
