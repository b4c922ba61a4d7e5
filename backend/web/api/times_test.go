package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// The second of two Admins reads when the first one decided, in UTC wherever she is: the answer
// has the time for programs too, and where in its sentence, in every language.
func TestASentenceSaysItsTimesForProgramsToo(t *testing.T) {
	c := webtest.NewCallers(t, func(o *webtest.Options) { o.API.Operations = stubOperations{} })
	path := c.Fill("/members/{pending}/approve")
	c.As("admin", http.MethodPost, path, "").Want(t, http.StatusOK)
	for _, l := range append(slices.Clone(access.Languages), access.Pseudo) {
		a := c.Admin.API(http.MethodPost, path, "", reads(string(l)))
		a.Want(t, http.StatusConflict)
		hasTime(t, string(l), a.Object(t))
		checks := c.Admin.API(http.MethodGet, "/settings/checks", "", reads(string(l))).Object(t)["checks"].([]any)
		hasTime(t, string(l), checks[1].(map[string]any))
		if times := checks[0].(map[string]any)["times"]; times != nil {
			t.Errorf("%s: a sentence without a time has %v", l, times)
		}
	}
	c.As("admin", http.MethodPost, "/invitations", `{"email":"x"}`).Lacks(t, "times")
}

// hasTime checks that the detail of an answer has the one time that it tells, noon.
func hasTime(t *testing.T, language string, answer map[string]any) {
	t.Helper()
	times, _ := answer["times"].([]any)
	if len(times) != 1 {
		t.Fatalf("%s: %v", language, answer)
	}
	one := times[0].(map[string]any)
	if said, _ := one["said"].(string); one["at"] != "2030-05-01T12:00:00Z" || said == "" ||
		strings.Count(answer["detail"].(string), said) != 1 {
		t.Errorf("%s: %q, and %v", language, answer["detail"], one)
	}
}
