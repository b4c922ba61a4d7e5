package e2e

import "testing"

// What opens only while somebody works, dialogs and banners, in the pseudo-language.
func TestUntranslated(t *testing.T) { walkConsole(t, "untranslated.spec.ts") }
