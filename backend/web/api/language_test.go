package api_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/web/webtest"
)

func reads(header string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Language", header) }
}

// Somebody reads a refusal in a language that they may not read: a sentence made from parts,
// a permission by its name in the API, Huma's own English, a row of a list.
func TestRefusalsInTheReadersLanguage(t *testing.T) {
	c := webtest.NewCallers(t)
	german := reads("de-AT, en;q=0.5")
	for _, row := range []struct {
		name         string
		by           *webtest.Browser
		method, path string
		body         string
		want         int
		holds        string
	}{
		{"a field", c.Admin, "POST", "/invitations", `{"email":"ada","roles":["Fleet"]}`, 422,
			`"detail":"Eine E-Mail-Adresse muss ein @ enthalten, zum Beispiel ada@example.com.","code":"email_malformed",` +
				`"errors":[{"message":"Eine E-Mail-Adresse muss ein @ enthalten, zum Beispiel ada@example.com."`},
		{"what another Admin did", c.Admin, "POST", "/members/{fleet}/approve", `{"roles":["Fleet"]}`, 409,
			"fleet@example.com wurde bereits genehmigt, von "},
		{"when that was", c.Admin, "POST", "/members/{fleet}/approve", `{"roles":["Fleet"]}`, 409,
			" am Mittwoch, 1. Mai 2030 um 12:00 Uhr UTC."},
		{"a permission", c.Fleet, "GET", "/members", "", 403,
			"Ihnen fehlt diese Berechtigung: Mitglieder und Anfragen sehen. Ein Admin kann das ändern."},
		{"the name of a field in a sentence", c.Admin, "POST", "/invitations",
			`{"email":"ada@example.com","roles":["Fleet"],"note":"` + strings.Repeat("x", 201) + `"}`, 422,
			"Das Feld „Notiz“ hat 201 Zeichen, höchstens 200 sind erlaubt."},
		{"none such", c.Admin, "GET", "/members/" + strings.Repeat("a", 26), "", 404,
			"Dieses Mitglied gibt es hier nicht."},
		{"nowhere", c.Admin, "GET", "/nowhere", "", 404, "Unter dieser Adresse gibt es nichts."},
		{"an unknown field", c.Admin, "PATCH", "/me", `{"nmae":true}`, 422, "„nmae“ ist kein bekanntes Feld."},
		{"two faults", c.Admin, "POST", "/invitations", `{"email":1,"roles":2}`, 422,
			`"detail":"An der Anfrage stimmen 2 Angaben nicht. Die erste: „email“ muss Text sein."`},
		{"a parameter", c.Admin, "GET", "/members?limit=x", "", 422, "„limit“ muss eine ganze Zahl sein."},
		{"no body", c.Admin, "POST", "/invitations", "", 400, "Die Anfrage braucht einen Inhalt in JSON."},
		{"a broken body", c.Admin, "POST", "/invitations", `{`, 400, "JSON"},
		{"a row", c.Admin, "POST", "/invitations/batch",
			`{"dry_run":true,"invitations":[{"email":"a@example.com","roles":["Fleet"]},` +
				`{"email":"A@example.com","roles":["Fleet"]},{"email":"fleet@example.com","roles":["Fleet"]}]}`, 200,
			`"detail":"Doppelt: steht schon in Zeile 1."`},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := row.by.API(row.method, c.Fill(row.path), row.body, german)
			a.Want(t, row.want, row.holds)
			if l, v := a.Header.Get("Content-Language"), a.Header.Get("Vary"); l != "de" ||
				!strings.Contains(v, "Accept-Language") {
				t.Errorf("is in %q and varies by %q", l, v)
			}
		})
	}
}

// A program that asks for no language, or for one that we do not speak, parses its answer in
// English; the member's own language does not change what their program reads.
func TestRefusalsAreInEnglishForPrograms(t *testing.T) {
	c := webtest.NewCallers(t)
	c.Admin.API("PATCH", "/me", `{"language":"de"}`).Want(t, 200)
	const body = `{"email":"ada","roles":["Fleet"]}`
	const english = `"detail":"An email address must contain an @, as in ada@example.com."`
	for header, want := range map[string]string{
		"": english, "sv": english, "en": english, "de;q=x": english, "]": english,
		strings.Repeat("de,", 200): english, "en-XA": `"detail":"[`,
		string(access.Arabic): "ada@example.com",
	} {
		a := c.Admin.API("POST", "/invitations", body, reads(header))
		a.Want(t, 422, want)
		if l := a.Header.Get("Content-Language"); want == english && l != "en" {
			t.Errorf("%.20q is answered in %q", header, l)
		}
	}
}

// Why an email was not sent, why an address cannot be invited, and what the outbox withholds
// were in English in the console of every language.
func TestStoredSentencesInTheReadersLanguage(t *testing.T) {
	c := webtest.NewCallers(t)
	c.Admin.API("POST", "/invitations", `{"email":"ada@example.com","roles":["Fleet"]}`).Want(t, 201)
	page, err := c.Service.Outbox.List(bg, access.Operator, store.MessageQuery{To: "ada"})
	c.Must(err)
	c.Must(c.Store.Update(bg, func(tx *store.Tx) error {
		m, err := tx.Messages.Get(page.Items[0].ID)
		if err != nil {
			return err
		}
		m.Hold(tx.Now)
		return tx.Messages.Put(m)
	}))
	for path, body := range map[string]string{
		"/outbox?q=ada":         "",
		"/members?q=ada":        "",
		"/login-requests?q=ada": "",
		"/invitations/check":    `{"email":"fleet@example.com","roles":["Fleet"]}`,
	} {
		method := map[bool]string{true: "GET", false: "POST"}[body == ""]
		marked := c.Admin.API(method, path, body, reads("en-XA"))
		marked.Want(t, 200, `"detail":"[`)
		if plain := c.Admin.API(method, path, body); strings.Contains(plain.Text, `"detail":"[`) {
			t.Errorf("%s is marked for a program: %s", path, plain.Text)
		}
	}
}
