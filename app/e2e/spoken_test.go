package e2e

import "testing"

// What a screen reader says by itself: arrivals, and decisions of others.
func TestSpoken(t *testing.T) { walkConsole(t, "spoken.spec.ts") }
