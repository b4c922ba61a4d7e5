package store

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"doorward/backend/store/kv"
)

// An Operation names one request, so that a caller who lost the answer can ask for the
// outcome, and so that a verb that is run again for the same request names its Updates as
// before.
//
// It is created where a request arrives and passed along in the context, because it belongs
// to the request and not to the verb: no verb can forget it, and a verb with several
// Updates names each of them. Without one, each Update gets a name of its own.
type Operation struct {
	id   string
	next atomic.Int64
}

type operationKey struct{}

// WithOperation names the Updates made under ctx: by the operation's id and their number.
func WithOperation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, operationKey{}, &Operation{id: id})
}

// opOf returns the name of the next Update under ctx.
func opOf(ctx context.Context) kv.OpID {
	o, ok := ctx.Value(operationKey{}).(*Operation)
	if !ok {
		return kv.NewOp()
	}
	return kv.OpID(o.id + "/" + strconv.FormatInt(o.next.Add(1), 10))
}

// maxOutcomeWait is how long a caller who lost an answer waits for the outcome.
const maxOutcomeWait = 2 * time.Second

var errNotKept = errors.New("the Update was not kept, and never will be")

// settle asks for the unknown outcome of an Update, if the engine can tell: nil if it was
// committed, unavailable if it never will be.
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
