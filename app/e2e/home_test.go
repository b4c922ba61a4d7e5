package e2e

import "testing"

// What a new workspace still needs, help for each page, and the browser's notifications.
func TestHome(t *testing.T) { walkConsole(t, "home.spec.ts") }
