package api_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// A client sends the window's header over the network: it opens nothing. On the
// operator's socket it says which face the operator uses.
func TestTheWindowsHeader(t *testing.T) {
	s := webtest.New(t)
	ask := func(local bool, via string) int {
		r, err := http.NewRequest(http.MethodPost, webtest.URL+"/api/v1/invitations",
			strings.NewReader(`{"email":"`+via+`@example.org","roles":["Fleet"]}`))
		s.Must(err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Doorward-Via", via)
		f, err := s.Web.Face(local)
		s.Must(err)
		res, err := f.App().Test(r, -1)
		s.Must(err)
		return res.StatusCode
	}
	if code := ask(false, "window"); code != http.StatusUnauthorized {
		t.Errorf("a stranger with the window's header got %d", code)
	}
	for via, want := range map[string]access.Source{
		"window": access.SourceDesktop,
		"cli":    access.SourceCLI,
		"system": access.SourceCLI,
	} {
		if code := ask(true, via); code != http.StatusCreated {
			t.Fatalf("the operator got %d with %q", code, via)
		}
		page, err := s.Service.Audit.List(bg, access.Operator, "", 1)
		s.Must(err)
		if got := page.Items[0].Actor; got.Source != want || got.Member != "" {
			t.Errorf("with %q the audit says %+v, want %s", via, got, want)
		}
	}
}
