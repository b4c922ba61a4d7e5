package service_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"doorward/backend/access"
)

// A form accepts a thousand characters, and the server then refuses more than two
// hundred. Each field with a limit on the server has the same limit in the form.
func TestFormsHaveTheLimitsOfTheServer(t *testing.T) {
	for _, tt := range []struct {
		file, id string
		limit    int
	}{
		{"console/src/pages/requests/Reject.svelte", "reject-reason", access.MaxNote},
		{"console/src/pages/invite/Invite.svelte", "invite-note", access.MaxNote},
		{"portal/pending.html", "note", access.MaxNote},
		{"portal/setup.html", "workspace", access.MaxWorkspace},
		{"portal/setup.html", "name", access.MaxName},
		{"portal/home.html", "name", access.MaxName},
	} {
		text, err := os.ReadFile("../../frontend/" + tt.file)
		must(t, err)
		field := regexp.MustCompile(`<(?:input|textarea) id="` + tt.id + `"[^>]*maxlength="(\d+)"`)
		found := field.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s has no field %s with a limit", tt.file, tt.id)
		} else if n, _ := strconv.Atoi(string(found[1])); n != tt.limit {
			t.Errorf("%s: %s takes %d characters, the server %d", tt.file, tt.id, n, tt.limit)
		}
	}
}

// A reason at the limit is in the email, whole. One beyond it is refused, and so
// is a reason without an email: it would be stored nowhere.
func TestReasonsAreSentOrRefused(t *testing.T) {
	fx := newFixture(t)
	id := fx.waiting("ada@example.com").Member.ID
	reason := strings.Repeat("r", access.MaxNote)
	before := fx.state()
	refused(t, fx.Members.Reject(t.Context(), fx.ann, id, reason+"r", true), access.Invalid, "text_too_long")
	refused(t, fx.Members.Reject(t.Context(), fx.ann, id, reason, false), access.Invalid, "reason_untold")
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
	must(t, fx.Members.Reject(t.Context(), fx.ann, id, reason, true))
	text := fx.body(fx.message(access.RejectedMessage, "ada@example.com").ID).Text
	if n := strings.Count(text, "r"); !strings.Contains(strings.Join(strings.Fields(text), ""), reason) {
		t.Errorf("the email holds %d of its characters:\n%s", n, text)
	}
}
