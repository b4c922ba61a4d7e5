// Package e2e tests the whole product: the built binary with a real mail server and
// a real browser. A Go test starts what is needed and runs the browser's part with
// Playwright; every Playwright test is reported as a subtest of it.
//
// The specs call the Go test through a control endpoint on loopback:
// "which emails arrived", "run this command", "kill the server". make test
// installs Chromium and the node modules; without them these tests fail and say
// so.
package e2e
