package store

import (
	"errors"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A damaged store has the place of a sign-in request in the queue, and not the request.
// Whoever requested it must not wait without anyone noticing.
func TestAQueuedRequestIsMissing(t *testing.T) {
	b := openBox(t, "")
	a := access.SignInRequest{
		Browser:   access.NewSecret().Hash(),
		CreatedAt: b.now(),
		ExpiresAt: b.now().Add(time.Hour),
	}
	b.update(func(tx *Tx) error { return tx.SignInRequests.Put(a) })
	b.update(func(tx *Tx) error { return tx.unmark(signInPrefix.ofHash(a.Browser)) })
	b.view(func(tx *Tx) error {
		if found, err := tx.SignInRequests.Next(5); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("%v, %v", found, err)
		}
		return nil
	})
}
