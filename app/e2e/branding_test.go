package e2e

import "testing"

// The workspace's own look: logo, accent color, footer, sender.
func TestBranding(t *testing.T) { walkConsole(t, "branding.spec.ts") }
