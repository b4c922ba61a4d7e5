package messages

import (
	"testing"
	"testing/fstest"

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
		"error.wait": {"one": "Noch {{.N}} Minute.", "other": "Noch {{.N}} Minuten."}}`
	english := `{"error.taken": "\"{{.Role}}\" is taken by {{.Who}}.",
		"error.wait": {"one": "Wait {{.N}} minute.", "other": "Wait {{.N}} minutes."}}`
	c, err := Open(fstest.MapFS{
		"messages/en.json": {Data: []byte(english)},
		"messages/de.json": {Data: []byte(german)},
	})
	if err != nil {
		t.Fatal(err)
	}
	taken := access.Errorf(access.Conflict, "%q is taken by %s.", "{{.Who}}", "Eve")
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
