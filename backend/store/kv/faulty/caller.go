package faulty

import (
	"context"
	"errors"

	"doorward/backend/store/kv"
)

// A Caller handles the faults of a Store as a careful caller does: it retries if nothing
// was written, and asks by the Update's name if the outcome is unknown. A test that uses it
// sees no fault, though each of its Updates may have met several.
type Caller struct{ *Store }

// View implements kv.Store.
func (c Caller) View(ctx context.Context, fn func(kv.Tx) error) error {
	for {
		err := c.Store.View(ctx, fn)
		if !errors.Is(err, ErrInjected) || ctx.Err() != nil {
			return err
		}
	}
}

// Update implements kv.Store.
func (c Caller) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	for {
		err := c.Store.Update(ctx, op, fn)
		if !errors.Is(err, ErrInjected) || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, kv.ErrUnknownOutcome) {
			continue
		}
		if kept, err := c.Outcome(ctx, op); kept || err != nil {
			return err
		}
	}
}
