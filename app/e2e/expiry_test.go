package e2e

import "testing"

// The form under Settings, Security that says how long sessions, links and tokens last.
func TestExpiryTimes(t *testing.T) { walkConsole(t, "expiry.spec.ts") }
