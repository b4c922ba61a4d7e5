package replica

import (
	"context"
	"fmt"
	"sync"

	"doorward/backend/store/kv"
)

// maxOutcomes is the number of Updates whose outcome a machine remembers.
const maxOutcomes = 8192

// outcomes has what became of the latest Updates. An Update whose answer was lost is
// settled by the log: its entry was written in one term, and once an entry of a later term
// has been applied, none of the earlier one can come any more.
type outcomes struct {
	mu      sync.Mutex
	of      map[kv.OpID]outcome
	order   []kv.OpID // a ring
	next    int
	term    uint64 // the newest of an entry that was applied
	waiting int
	changed chan struct{}
}

type outcome struct {
	kept bool
	term uint64 // if it is not known to be kept: the term in which it was sent
	gone bool   // nobody here can know any more
}

func newOutcomes() *outcomes {
	return &outcomes{of: make(map[kv.OpID]outcome), changed: make(chan struct{})}
}

// kept says that these Updates were applied.
func (o *outcomes) kept(ops []kv.OpID) { o.put(ops, outcome{kept: true}) }

// unknown says that these Updates were sent in a term, and that the lead was lost.
func (o *outcomes) unknown(ops []kv.OpID, term uint64) { o.put(ops, outcome{term: term}) }

func (o *outcomes) put(ops []kv.OpID, what outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range ops {
		if was, ok := o.of[op]; ok {
			if !was.kept {
				o.of[op] = what
			}
			continue
		}
		if len(o.order) < maxOutcomes {
			o.order = append(o.order, op)
		} else {
			delete(o.of, o.order[o.next])
			o.order[o.next] = op
			o.next = (o.next + 1) % maxOutcomes
		}
		o.of[op] = what
	}
	o.tell()
}

// reached says that an entry of this term was applied.
func (o *outcomes) reached(term uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if term > o.term {
		o.term = term
		o.tell()
	}
}

// skipped says that entries up to this term were not applied one by one: what became of the
// Updates in them is not known.
func (o *outcomes) skipped(term uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for op, was := range o.of {
		if !was.kept && was.term >= o.term {
			was.gone = true
			o.of[op] = was
		}
	}
	o.term = max(o.term, term)
	o.tell()
}

func (o *outcomes) tell() {
	if o.waiting == 0 {
		return
	}
	close(o.changed)
	o.changed = make(chan struct{})
}

// look returns the outcome of op, if it is final, and else a channel that is closed when
// that may have changed.
func (o *outcomes) look(op kv.OpID) (was outcome, final bool, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, ok := o.of[op]
	return was, ok && (was.kept || was.gone || was.term < o.term), o.changed
}

func (o *outcomes) wait(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting += n
}

// Outcome implements kv.OutcomeReader. It can be asked on the machine that the Update was
// sent to; another one knows only of the latest that were kept.
func (n *Node) Outcome(ctx context.Context, op kv.OpID) (kept bool, err error) {
	n.outcomes.wait(1)
	defer n.outcomes.wait(-1)
	for {
		was, final, changed := n.outcomes.look(op)
		switch {
		case was.gone:
			return false, fmt.Errorf("%w: this machine has got a copy of everything since", kv.ErrUnknownOutcome)
		case final:
			return was.kept, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, ctx.Err())
		case <-n.stopped:
			return false, fmt.Errorf("%w: it is closed", kv.ErrUnknownOutcome)
		}
	}
}
