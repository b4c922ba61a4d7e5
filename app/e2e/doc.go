// Package e2e walks the whole product: the built binary, a real mail server and
// a real browser. A Go test starts what is needed and hands the browser's part
// to Playwright; every Playwright test comes back as a subtest, so go test tells
// the whole story.
//
// The specs reach back into the Go test through a control endpoint on loopback:
// "which emails arrived", "run this command", "kill the server". make test
// installs Chromium and the node modules; without them these tests fail and say
// so.
package e2e
