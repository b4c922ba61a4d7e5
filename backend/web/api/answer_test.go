package api_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/web/webtest"
)

// Of all answers, that to an invitation alone has a place where its member is, and the document
// says so. What answers with nothing has a status that says so, and no type.
func TestAnswersHaveTheirOwnForm(t *testing.T) {
	c := webtest.NewCallers(t)
	a := c.Admin.API(http.MethodPost, "/invitations", `{"email":"ada@example.com","roles":["Fleet"]}`)
	a.Want(t, http.StatusCreated)
	at, id := a.Header.Get("Location"), a.Object(t)["id"].(string)
	if at != "/api/v1/members/"+id {
		t.Errorf("the new member is at %q, want it at /api/v1/members/%s", at, id)
	}
	a = c.Admin.API(http.MethodDelete, "/members/"+id, "")
	a.Want(t, http.StatusNoContent)
	if a.Text != "" || a.Header.Get("Content-Type") != "" {
		t.Errorf("nothing is answered as %q: %q", a.Header.Get("Content-Type"), a.Text)
	}
	document := c.Admin.API(http.MethodGet, "/openapi.json", "")
	if n := strings.Count(document.Text, `"headers":{"Location"`); n != 1 {
		t.Errorf("%d answers are described with a Location, want 1", n)
	}
	nothing := `"responses":{"204":{"description":"No Content"},`
	if !strings.Contains(document.Text, nothing) {
		t.Errorf("the document lacks %s", nothing)
	}
}
