package e2e

import "testing"

// The browser's notifications about login requests: when there is one, and what it says.
func TestBrowserNotices(t *testing.T) { walkConsole(t, "browser-notices.spec.ts") }
