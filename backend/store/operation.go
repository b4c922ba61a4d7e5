package store

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"doorward/backend/store/kv"
)

// An Operation names what somebody asked for once, so that whoever lost the answer
// can ask what became of it, and so that a verb that is run again for the same
// request names its Updates as it did before.
//
// It is made where a request comes in and goes along in the context, since it is
// of the request and not of the verb: no verb can forget it, and one that makes
// several Updates names each of them. Without one an Update has a name of its own.
type Operation struct {
	id   string
	next atomic.Int64
}

type operationKey struct{}

// WithOperation names the Updates that are made under ctx: the operation's id and
// how many it had before.
func WithOperation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, operationKey{}, &Operation{id: id})
}

// opOf is the name of the next Update under ctx.
func opOf(ctx context.Context) kv.OpID {
	o, ok := ctx.Value(operationKey{}).(*Operation)
	if !ok {
		return kv.NewOp()
	}
	return kv.OpID(o.id + "/" + strconv.FormatInt(o.next.Add(1), 10))
}

// maxOutcomeWait is how long a caller who lost an answer waits for it.
const maxOutcomeWait = 2 * time.Second

var errNotKept = errors.New("the Update was not kept, and never will be")

// settle asks what became of an Update whose outcome is not known, where the
// engine can tell: nil if it was kept, unavailable if it never will be.
func (s *Store) settle(ctx context.Context, op kv.OpID, err error) error {
	e, ok := s.kv.(kv.OutcomeReader)
	if !ok || !errors.Is(err, kv.ErrUnknownOutcome) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxOutcomeWait)
	defer cancel()
	kept, asked := e.Outcome(ctx, op)
	switch {
	case asked != nil:
		return errors.Join(err, asked)
	case kept:
		return nil
	}
	return errors.Join(kv.ErrUnavailable, errNotKept)
}
