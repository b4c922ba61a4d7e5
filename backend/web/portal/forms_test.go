package portal_test

import (
	"net/http"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// A browser without Fetch Metadata (Safari before 16.4, and with it all of iOS 15)
// sends the origin null for the forms of our pages, which are served with
// no-referrer. The form's token decides: ours is taken, a wrong one is not.
func TestFormsWorkWithoutFetchMetadata(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	old := func(r *http.Request) {
		r.Header.Set("Origin", "null")
		r.Header.Del("Sec-Fetch-Site")
	}
	b, other := s.Browser(), s.Browser()
	token := func(b *webtest.Browser, path string) map[string][]string {
		return map[string][]string{
			"csrf":  {webtest.CSRFField.FindStringSubmatch(b.Get(path).Text)[1]},
			"email": {"ada@example.com"},
		}
	}
	for _, path := range []string{"/login", link} {
		b.Do(http.MethodPost, path, token(other, path), old).Want(t, http.StatusForbidden)
		b.Do(http.MethodPost, path, nil, old).Want(t, http.StatusForbidden)
	}
	b.Do(http.MethodPost, "/login", token(b, "/login"), old).Want(t, 200)
	b.Do(http.MethodPost, link, token(b, link), old).Want(t, http.StatusSeeOther, "/pending")
}
