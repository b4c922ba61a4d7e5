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

// A sentence that was stored in English, for a reader who does not read it; a name in it that
// is a pattern; a mail server's own words, which must not be changed; a report of several parts.
func TestRetell(t *testing.T) {
	english := `{"reply.closed": "{{.Server}} closed it.", "reply.slow": "{{.Server}} was slow ({{.Span}}).",
		"check.paused": "Paused: {{.Reply}}", "check.unusual": "{{.Total}} events: {{.Kinds}}",
		"check.wait": {"one": "Wait {{.N}} minute.", "other": "Wait {{.N}} minutes."},
		"check.clock": "{{.Span}} ahead", "span.hours": {"one": "{{.N}} hour", "other": "{{.N}} hours"},
		"console.unusual.kind.dead_link": {"one": "{{.N}} unknown link", "other": "{{.N}} unknown links"}}`
	german := `{"reply.closed": "{{.Server}} hat getrennt.", "reply.slow": "{{.Span}} lang schwieg {{.Server}}.",
		"check.paused": "Angehalten: {{.Reply}}", "check.unusual": "{{.Total}} Ereignisse: {{.Kinds}}",
		"check.wait": {"one": "Noch {{.N}} Minute.", "other": "Noch {{.N}} Minuten."},
		"check.clock": "{{.Span}} vor", "span.hours": {"one": "{{.N}} Stunde", "other": "{{.N}} Stunden"},
		"console.unusual.kind.dead_link": {"one": "{{.N}} fremder Link", "other": "{{.N}} fremde Links"}}`
	c, err := Open(fstest.MapFS{
		"messages/en.json": {Data: []byte(english)},
		"messages/de.json": {Data: []byte(german)},
	})
	if err != nil {
		t.Fatal(err)
	}
	de := c.In(access.German)
	for said, want := range map[string]string{
		"":                           "",
		"a.example:25 closed it.":    "a.example:25 hat getrennt.",
		"{{.Span}} was slow (10 s).": "10 s lang schwieg {{.Span}}.",
		"550 a.example closed it":    "550 a.example closed it",
		"535 authentication failed":  "535 authentication failed",
	} {
		if got := de.Retell(said); got != want {
			t.Errorf("%q: %q, not %q", said, got, want)
		}
		if got := c.In(access.English).Retell(said); got != said {
			t.Errorf("%q in English: %q", said, got)
		}
	}
	days := access.TraceDays{
		{Trace: access.TraceDeadLink, Count: 2, Networks: 2},
		{Trace: access.TraceDeadLink, Count: 1, Networks: 1, MostFrom: "192.0.2.7"},
	}
	for _, row := range []struct {
		text    access.Text
		english string
		german  string
	}{
		{access.Text{}, "", ""},
		{access.Textf("Paused: %s", access.Stored("a:25 closed it.")), "Paused: a:25 closed it.",
			"Angehalten: a:25 hat getrennt."},
		{access.Textf("%s", access.Stored("a:25 closed it.")), "a:25 closed it.", "a:25 hat getrennt."},
		{access.Textf("%d events: %s", 3, days),
			"3 events: 2 unknown links from 2 networks; 1 unknown link from 192.0.2.7",
			"3 Ereignisse: 2 fremde Links; 1 fremder Link"},
		{access.Textf("%s ahead", access.Span(3*time.Hour)), "3 hours ahead", "3\u00a0Stunden vor"},
		{access.CountedTextf(1, "Wait %d minute.", "Wait %d minutes."), "Wait 1 minute.", "Noch 1 Minute."},
		{access.CountedTextf(2, "Wait %d minute.", "Wait %d minutes."), "Wait 2 minutes.", "Noch 2 Minuten."},
		{access.Textf("Nobody translated %s.", "this"), "Nobody translated this.", "Nobody translated this."},
	} {
		if got := c.In(access.English).Text(row.text); got != row.english {
			t.Errorf("%q, not %q", got, row.english)
		}
		if got := de.Text(row.text); got != row.german {
			t.Errorf("%q, not %q", got, row.german)
		}
	}
}

// A refusal in a language that its reader may not read; a name that reads like a
// placeholder; a sentence that another version of the catalogue lacks.
func TestExplain(t *testing.T) {
	german := `{"error.taken": "{{.Who}} hat „{{.Role}}“ schon.",
		"error.wait": {"one": "Noch {{.N}} Minute.", "other": "Noch {{.N}} Minuten."},
		"error.lacks": "{{.What}}, {{.May}}, {{.When}}, {{.Max}}", "error.word.note": "Notiz",
		"console.permission.read_members": "Mitglieder sehen", "console.other": "Anderes",
		"time.exact_utc": "{{.Date}}, {{.Time}} Uhr UTC"}`
	english := `{"error.taken": "\"{{.Role}}\" is taken by {{.Who}}.",
		"error.wait": {"one": "Wait {{.N}} minute.", "other": "Wait {{.N}} minutes."},
		"error.lacks": "{{.What}}, {{.May}}, {{.When}}, {{.Max}}", "error.word.note": "note"}`
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
