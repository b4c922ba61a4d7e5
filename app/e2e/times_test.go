package e2e

import "testing"

// Every reader sees times in their own zone.
func TestTimes(t *testing.T) { walkConsole(t, "times.spec.ts") }
