package messages

import (
	"testing"
	"testing/fstest"
	"time"

	"doorward/backend/access"
)

func TestPattern(t *testing.T) {
	for format, want := range map[string]string{
		"Nothing stands here.":                 "Nothing stands here.",
		"%q is taken by %s: 100%% of %d.":      `"{{}}" is taken by {{}}: 100% of {{}}.`,
		"It holds U+%04X, “%c” and %U and %v.": "It holds U+{{}}, “{{}}” and {{}} and {{}}.",
		"Write @ as %%40.":                     "Write @ as %40.",
	} {
		if got := pattern(format); got != want {
			t.Errorf("%q: %q, not %q", format, got, want)
		}
	}
}

// A refusal in a language that its reader may not read; a name that reads like a
// placeholder; a sentence that another version of the catalogue lacks.
func TestExplain(t *testing.T) {
	german := `{"error.taken": "{{.Who}} hat „{{.Role}}“ schon.",
		"error.wait": {"one": "Noch {{.N}} Minute.", "other": "Noch {{.N}} Minuten."},
		"error.lacks": "{{.What}}, {{.May}}, {{.When}}, {{.Most}}", "error.word.note": "Notiz",
		"console.permission.read_members": "Mitglieder sehen", "console.other": "Anderes",
		"time.exact_utc": "{{.Date}}, {{.Time}} Uhr UTC"}`
	english := `{"error.taken": "\"{{.Role}}\" is taken by {{.Who}}.",
		"error.wait": {"one": "Wait {{.N}} minute.", "other": "Wait {{.N}} minutes."},
		"error.lacks": "{{.What}}, {{.May}}, {{.When}}, {{.Most}}", "error.word.note": "note"}`
	c, err := Open(fstest.MapFS{
		"messages/en.json": {Data: []byte(english)},
		"messages/de.json": {Data: []byte(german)},
	})
	if err != nil {
		t.Fatal(err)
	}
	taken := access.Errorf(access.Conflict, "%q is taken by %s.", "{{.Who}}", "Eve")
	noon := access.Moment(time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC))
	lacks := func(what access.Word, may access.Resource) *access.Error {
		return access.Errorf(access.Invalid, "%s, %s, %s, %d", what, access.May(access.Read, may), noon, 1500)
	}
	for _, row := range []struct {
		in   access.Language
		err  *access.Error
		want string
	}{
		{access.English, taken, `"{{.Who}}" is taken by Eve.`},
		{access.German, taken, "Eve hat „{{.Who}}“ schon."},
		{access.German, access.Explain(taken), "Eve hat „{{.Who}}“ schon."},
		{access.German, access.Errorf(access.TooMany, "Wait %d minutes.", 1), "Noch 1 Minute."},
		{access.German, access.Errorf(access.TooMany, "Wait %d minutes.", 3), "Noch 3 Minuten."},
		{access.German, access.Countedf(access.TooMany, 1, "Wait %d minute.", "Wait %d minutes."), "Noch 1 Minute."},
		{access.English, lacks("note", access.ResMembers), "note, read members, 1 May 2030 at 12:00 UTC, 1500"},
		{access.German, lacks("note", access.ResMembers),
			"Notiz, Mitglieder sehen, Mittwoch, 1. Mai 2030, 12:00 Uhr UTC, 1.500"},
		{access.German, lacks("q", access.ResAudit), "q, read audit, Mittwoch, 1. Mai 2030, 12:00 Uhr UTC, 1.500"},
		{access.French, taken, `"{{.Who}}" is taken by Eve.`}, // there is no file
		{access.German, access.Errorf(access.Conflict, "%q is free.", "A"), `"A" is free.`},
		{access.German, &access.Error{Kind: access.Conflict, Message: "Read from 100 % elsewhere."},
			"Read from 100 % elsewhere."},
	} {
		if got := c.In(row.in).Explain(row.err); got != row.want {
			t.Errorf("%v in %s: %q, not %q", row.err, row.in, got, row.want)
		}
	}
}
