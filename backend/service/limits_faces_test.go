package service_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"doorward/backend/access"
)

// A form lets somebody type a thousand characters, and then the server refuses
// all that is over two hundred. Each field that has a limit takes what the server
// takes.
func TestFormsHaveTheLimitsOfTheServer(t *testing.T) {
	for _, tt := range []struct {
		file, id string
		most     int
	}{
		{"console/src/pages/requests/Reject.svelte", "reject-reason", access.MaxNote},
		{"console/src/pages/invite/Invite.svelte", "invite-note", access.MaxNote},
		{"portal/pending.html", "note", access.MaxNote},
		{"portal/setup.html", "workspace", access.MaxWorkspace},
		{"portal/setup.html", "name", access.MaxName},
	} {
		text, err := os.ReadFile("../../frontend/" + tt.file)
		must(t, err)
		field := regexp.MustCompile(`<(?:input|textarea) id="` + tt.id + `"[^>]*maxlength="(\d+)"`)
		found := field.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s has no field %s with a limit", tt.file, tt.id)
		} else if n, _ := strconv.Atoi(string(found[1])); n != tt.most {
			t.Errorf("%s: %s takes %d characters, the server %d", tt.file, tt.id, n, tt.most)
		}
	}
}

// A reason at the limit stands in the email, whole; one beyond it is refused, and
// one that no email would carry is too: it would be kept nowhere.
func TestReasonsAreSentOrRefused(t *testing.T) {
	o := openOffice(t)
	id := o.waiting("ada@example.com").Member.ID
	reason := strings.Repeat("r", access.MaxNote)
	before := o.state()
	refused(t, o.Members.Reject(t.Context(), o.ann, id, reason+"r", true), access.Invalid, "text_too_long")
	refused(t, o.Members.Reject(t.Context(), o.ann, id, reason, false), access.Invalid, "reason_untold")
	if o.state() != before {
		t.Error("a refusal changed something")
	}
	must(t, o.Members.Reject(t.Context(), o.ann, id, reason, true))
	text := o.words(o.letter(access.RejectedMessage, "ada@example.com").ID).Text
	if n := strings.Count(text, "r"); !strings.Contains(strings.Join(strings.Fields(text), ""), reason) {
		t.Errorf("the letter holds %d of its characters:\n%s", n, text)
	}
}
