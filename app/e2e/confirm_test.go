package e2e

import "testing"

// Acts that ask again who one is: the dialog, the code by email, and what was
// typed before.
func TestConfirmThatItIsYou(t *testing.T) { walkConsole(t, "confirm.spec.ts") }
