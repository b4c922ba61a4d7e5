package e2e

import "testing"

// Every page of the portal, in both themes, on a wide screen and on a phone, without
// a mouse, and without JavaScript.
func TestTour(t *testing.T) {
	t.Parallel()
	alone(t)
	p := serving(t, "--trusted-proxies", "127.0.0.1")
	browse(t, "tour.spec.ts", controls(t, p), "BASE_URL="+p.URL, "SETUP_LINK="+p.Setup, "PROXIED=1")
}
