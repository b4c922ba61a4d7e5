package e2e

import "testing"

// Deciding on a phone, and reading at 200 %.
func TestPhone(t *testing.T) { walkConsole(t, "phone.spec.ts") }
