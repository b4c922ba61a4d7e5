package e2e

import "testing"

// Lists of several pages: all that match, a change of many, Previous, the audit log's
// picker; and the public URL.
func TestCrowd(t *testing.T) { walkConsole(t, "crowd.spec.ts") }
