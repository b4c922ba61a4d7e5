package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web/webtest"
)

// The store is busy, full or not leading: the caller is told "not now", with a
// code and a time to try again, and never sees an internal error.
func TestStorageErrorsAreNotOurs(t *testing.T) {
	tests := []struct {
		err  error
		code string
	}{
		{kv.ErrConflict, "store_busy"},
		{kv.ErrBusy, "store_busy"},
		{kv.ErrUnavailable, "store_unavailable"},
		{kv.ErrUnknownOutcome, "unknown_outcome"},
		{kv.ErrReadOnly, "read_only"},
		{&kv.FullError{Dir: "/srv/secret/store", Task: kv.ToWrite, Err: kv.ErrReadOnly}, "disk_full"},
		{fmt.Errorf("read: %w", kv.ErrCorrupt), "no_data"},
		{&kv.DirError{Dir: "/srv/secret/store", Problem: kv.DirDamaged, Err: kv.ErrCorrupt}, "no_data"},
	}
	open, engine := enginetest.Controlled()
	s := webtest.NewOn(t, open)
	secret := s.Token(s.Admin, access.Admin)
	asAdmin := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret.Reveal()) }
	for _, tt := range tests {
		engine().Fail(tt.err)
		a := s.Browser().Get("/api/v1/members", asAdmin)
		if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.Text, `"`+tt.code+`"`) {
			t.Errorf("%v: GET /members = %d %s", tt.err, a.StatusCode, a.Text)
		}
		page := s.Browser().Get("/readyz")
		if page.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%v: GET /readyz = %d %s", tt.err, page.StatusCode, page.Text)
		}
		a.Lacks(t, "our side", "secret")
		page.Lacks(t, "our side", "secret")
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%v: no time to try again", tt.err)
		}
	}
	engine().Fail(nil)
}
