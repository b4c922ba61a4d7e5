package cli

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"doorward/app"
)

// Whoever starts a new server opens the first link that it prints. Before the setup that is
// the setup link: at the address there is nothing to sign in to yet.
func TestTheSetupLinkIsPrintedFirst(t *testing.T) {
	const address, link = "http://127.0.0.1:8080", "http://127.0.0.1:8080/setup/abc"
	for setup, first := range map[string]string{link: link, "": address} {
		var printed bytes.Buffer
		r := &run{out: bufio.NewWriter(&printed)}
		if err := r.ready(app.ServeInfo{URL: address, SetupLink: setup}); err != nil {
			t.Fatal(err)
		}
		at := strings.Index(printed.String(), "http")
		if got, _, _ := strings.Cut(printed.String()[max(at, 0):], "\n"); got != first {
			t.Errorf("the first link is %q, not %q:\n%s", got, first, &printed)
		}
	}
}
