package e2e

import "testing"

// Actions that require confirmation: the dialog, the code by email, and that nothing
// typed is lost.
func TestConfirmThatItIsYou(t *testing.T) { walkConsole(t, "confirm.spec.ts") }
