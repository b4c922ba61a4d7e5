package badger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"doorward/backend/store/kv"
)

// updateBudget is the time limit of an Update whose context has no deadline.
const updateBudget = 2 * time.Second

var errBudget = errors.New("the time of an update is up")

// A call is one Update on its way through the writer: waiting, then either taken by the
// writer or given up by its caller.
type call struct {
	ctx   context.Context
	op    kv.OpID
	fn    func(kv.Tx) error
	own   func() error // work for the writer itself, between two groups
	state atomic.Int32
	again bool // the writer runs it once more
	done  chan error
}

const (
	waiting = iota
	taken
	givenUp
)

func newCall(ctx context.Context, fn func(kv.Tx) error) *call {
	return &call{ctx: ctx, fn: fn, done: make(chan error, 1)}
}

func (c *call) take() bool   { return c.state.CompareAndSwap(waiting, taken) }
func (c *call) giveUp() bool { return c.state.CompareAndSwap(waiting, givenUp) }

// Update implements Store.
func (b *Store) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.writable(kv.IsUrgent(ctx)); err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, updateBudget, errBudget)
		defer cancel()
	}
	c := newCall(ctx, fn)
	c.op = op
	return b.submit(c)
}

// submit sends c to the writer and returns its answer. Once the writer has taken a call,
// submit waits for it, so that the answer is true.
func (b *Store) submit(c *call) error {
	select {
	case b.writer.queue <- c:
	case <-c.ctx.Done():
		return ended(c.ctx)
	case <-b.writer.stopped:
		return errClosed
	}
	var gone error
	select {
	case err := <-c.done:
		return err
	case <-c.ctx.Done():
		gone = ended(c.ctx)
	case <-b.writer.stopped:
		gone = errClosed
	}
	if c.giveUp() {
		return gone
	}
	return <-c.done
}

// ended returns why ctx ended: the caller's own reason, or that the store was too busy to
// run the Update in time.
func ended(ctx context.Context) error {
	if !errors.Is(context.Cause(ctx), errBudget) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", kv.ErrBusy, ctx.Err())
}

// writable refuses early what would be refused later.
func (b *Store) writable(urgent bool) error {
	if b.current.Load() == nil {
		return errClosed
	}
	if err := b.broken.Load(); err != nil {
		return *err
	}
	return b.disk.refusal(urgent)
}
