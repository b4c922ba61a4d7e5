package e2e

import "testing"

// The guide that Doorward was made from, walked in the console: by mouse, by
// keyboard, and by two Admins at once.
func TestConsole(t *testing.T) { walkConsole(t, "console.spec.ts") }
