package portal

import (
	"strings"
	"testing"
)

// A phishing mail leads through our sign-in page to another site.
func TestNextLeadsNowhereElse(t *testing.T) {
	for _, next := range []string{"//evil.example", `/\evil.example`, "/%2f/evil.example", "https:evil.example",
		"\t//evil.example", "javascript:alert(1)", "/@evil", "https://door.example.com@evil.example", "/\u2215evil",
		"/a//b", `/%5cevil`} {
		if got := safePath(next); got != "/" &&
			(!strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.Contains(got, `\`) ||
				strings.Contains(strings.ToLower(got), "%2f") || strings.Contains(strings.ToLower(got), "%5c")) {
			t.Errorf("safePath(%q) = %q", next, got)
		}
	}
	if got := safePath("/fleet/datalake"); got != "/fleet/datalake" {
		t.Errorf("a path of ours became %q", got)
	}
}
