package e2e

import "testing"

// The main job from end to end: invite, accept, wait, approve, sign in.
func TestWalk(t *testing.T) {
	t.Parallel()
	alone(t)
	p := serving(t)
	browse(t, "walk.spec.ts", controls(t, p), "BASE_URL="+p.URL, "SETUP_LINK="+p.Setup)
	if err := p.Stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}
