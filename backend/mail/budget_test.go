package mail

import (
	"testing"
	"time"

	"doorward/backend/access"
)

func TestBudgetOverAnyMinute(t *testing.T) {
	noon := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	b := newBudget(10)
	for _, step := range []struct {
		at    time.Duration
		class access.Priority
		want  int // room
		next  time.Duration
		spend int
	}{
		{0, access.PriorityInvitation, 8, 0, 8},
		{1 * time.Second, access.PriorityInvitation, 0, time.Minute, 0}, // the last fifth is not for bulk
		{1 * time.Second, access.PriorityDecision, 0, time.Minute, 0},
		{1 * time.Second, access.PriorityRequested, 1, 0, 1},
		// and the last part of it is not for what strangers can cause
		{2 * time.Second, access.PriorityRequested, 0, time.Minute, 0},
		{2 * time.Second, access.PriorityAwaited, 1, 0, 1},
		{3 * time.Second, access.PriorityAwaited, 0, time.Minute, 0},
		{time.Minute - 1, access.PriorityAwaited, 0, time.Minute, 0},
		{time.Minute, access.PriorityInvitation, 6, 0, 6},
		{61 * time.Second, access.PriorityInvitation, 1, 0, 1},
		{62 * time.Second, access.PriorityInvitation, 1, 0, 1},
		{63 * time.Second, access.PriorityInvitation, 0, 2 * time.Minute, 0},
		{-time.Hour, access.PriorityInvitation, 8, 0, 0}, // the clock was set back
	} {
		room, next := b.room(step.class, noon.Add(step.at))
		if room != step.want || room == 0 && !next.Equal(noon.Add(step.next)) {
			t.Errorf("at %v: room for class %d = %d, %v", step.at, step.class, room, next)
		}
		b.spend(step.spend, noon.Add(step.at))
	}
}

// However small the budget is, bulk leaves a share of it unused, and gets something itself.
func TestBudgetKeepsAShare(t *testing.T) {
	for n, want := range map[int][3]int{1: {1, 1, 1}, 2: {2, 2, 1}, 5: {5, 5, 4}, 10: {10, 9, 8}, 120: {120, 108, 96}} {
		b := newBudget(n)
		if got := [3]int{b.limit(access.PriorityAwaited), b.limit(access.PriorityRequested),
			b.limit(access.PriorityDigest)}; got != want {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
}
