package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"doorward/app/e2e/product"
)

// An answer is how a call has ended, as far as its caller knows.
type answer int

const (
	unknown answer = iota // it may have been done, or be done later
	kept
	refused // it was not done, and never will be
	denied  // the rules do not allow it, as the member is
)

// A step is one call about one member: it reads, or it changes something.
type step struct{ what, role string }

// gone is the state of a member who was removed; one who was never invited has none.
const gone = "removed"

// after is what a change makes of a member; ok is false if the rules deny it.
func (s step) after(state string) (next string, ok bool) {
	is, role, _ := strings.Cut(state, " ")
	switch {
	case s.what == "invite":
		return "pending " + s.role, state == ""
	case is == "" || is == gone:
		return state, false
	case s.what == "roles":
		return is + " " + s.role, true
	case s.what == "remove":
		return gone, true
	}
	from, to := "pending", "active"
	switch s.what {
	case "suspend":
		from, to = "active", "suspended"
	case "unsuspend":
		from, to = "suspended", "active"
	}
	return to + " " + role, is == from
}

// A told is what a caller was answered: how it has ended, and how the member is, if that was said.
type told struct {
	is    answer
	state string
}

// possible is every state in which a call can leave a member, given what its caller was told.
func possible(state, input, output any) []any {
	is, s, t := state.(string), input.(step), output.(told)
	next, allowed := s.after(is)
	switch {
	case s.what == "read" && t.state != strings.TrimPrefix(is, gone), t.is == denied && allowed:
		return nil
	case s.what == "read", t.is == denied, t.is == unknown && !allowed:
		return []any{is}
	case t.is == unknown:
		return []any{is, next}
	case !allowed, t.state != strings.TrimPrefix(next, gone):
		return nil
	}
	return []any{next}
}

var register = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: possible,
}

// A history is every call about every member, with what its caller was told, and when.
type history struct {
	mu    sync.Mutex
	began time.Time
	calls map[string][]porcupine.Operation // by email
}

func newHistory() *history {
	return &history{began: time.Now(), calls: map[string][]porcupine.Operation{}}
}

func (h *history) now() int64 { return int64(time.Since(h.began)) }

// add notes a call that began at a time and has ended now. What was refused has done nothing, and
// what a read that failed would have said is not known, so neither is part of it. A change of which
// nobody knows whether it was made may still be made at any time.
func (h *history) add(email string, s step, began int64, t told) {
	if t.is == refused || s.what == "read" && t.is != kept {
		return
	}
	ended := h.now()
	if t.is == unknown {
		ended = int64(1) << 62
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[email] = append(h.calls[email], porcupine.Operation{Input: s, Call: began, Output: t, Return: ended})
}

// anomalies are the members of whom no order of the calls explains what the callers were told. Each
// call has its place in such an order between its beginning and its end.
func (h *history) anomalies() (found []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	model := register.ToModel()
	for email, calls := range h.calls {
		if is := porcupine.CheckOperationsTimeout(model, calls, product.Patience); is != porcupine.Ok {
			found = append(found, fmt.Sprintf("%s: %s\n%s", email, is, listed(calls)))
		}
	}
	slices.Sort(found)
	return found
}

func listed(calls []porcupine.Operation) string {
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	for _, c := range calls {
		ended := time.Duration(c.Return).String()
		if c.Return == int64(1)<<62 {
			ended = "not known"
		}
		fmt.Fprintf(&text, "  %v to %s: %+v, told %+v\n", time.Duration(c.Call), ended, c.Input, c.Output)
	}
	return text.String()
}

// The checker finds what must not be, and nothing else.
func TestHistoriesAreJudged(t *testing.T) {
	type call struct {
		what         string
		began, ended int64
		told         told
	}
	tests := []struct {
		name  string
		calls []call
		sound bool
	}{
		{"one after the other", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 4, told{kept, "active Fleet"}},
			{"read", 5, 6, told{kept, "active Fleet"}},
			{"suspend", 7, 8, told{kept, "suspended Fleet"}},
			{"remove", 9, 10, told{kept, ""}},
			{"read", 11, 12, told{kept, ""}},
		}, true},
		{"a read beside a change sees either", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 9, told{kept, "active Fleet"}},
			{"read", 4, 5, told{kept, "pending Fleet"}},
			{"read", 6, 7, told{kept, "active Fleet"}},
		}, true},
		{"a later read sees the older", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 9, told{kept, "active Fleet"}},
			{"read", 4, 5, told{kept, "active Fleet"}},
			{"read", 6, 7, told{kept, "pending Fleet"}},
		}, false},
		{"a read with the old rights", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 4, told{kept, "active Fleet"}},
			{"suspend", 5, 6, told{kept, "suspended Fleet"}},
			{"read", 7, 8, told{kept, "active Fleet"}},
		}, false},
		{"what was acknowledged is lost", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"read", 3, 4, told{kept, ""}},
		}, false},
		{"what is not known is made late", []call{
			{"invite", 1, 2, told{unknown, ""}},
			{"read", 3, 4, told{kept, ""}},
			{"read", 5, 6, told{kept, "pending Fleet"}},
		}, true},
		{"what is not known is made, and then not", []call{
			{"invite", 1, 2, told{unknown, ""}},
			{"read", 3, 4, told{kept, "pending Fleet"}},
			{"read", 5, 6, told{kept, ""}},
		}, false},
		{"what was refused is there", []call{
			{"invite", 1, 2, told{refused, ""}},
			{"read", 3, 4, told{kept, "pending Fleet"}},
		}, false},
		{"two decide, and both are told that they did", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 6, told{kept, "active Fleet"}},
			{"approve", 4, 5, told{kept, "active Fleet"}},
		}, false},
		{"two decide, and one is too late", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 6, told{denied, ""}},
			{"approve", 4, 5, told{kept, "active Fleet"}},
		}, true},
		{"one is too late, and nobody was before", []call{
			{"invite", 1, 2, told{kept, "pending Fleet"}},
			{"approve", 3, 4, told{denied, ""}},
		}, false},
	}
	for _, tt := range tests {
		h := newHistory()
		for _, c := range tt.calls {
			h.add("ada@example.com", step{c.what, "Fleet"}, c.began, c.told)
			if calls := h.calls["ada@example.com"]; c.told.is == kept || c.told.is == denied {
				calls[len(calls)-1].Return = c.ended
			}
		}
		if found := h.anomalies(); (len(found) == 0) != tt.sound {
			t.Errorf("%s: it finds %q", tt.name, found)
		}
	}
}
