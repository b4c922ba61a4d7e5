package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
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

// The window on the machine acts in the name of the Admin who is at it: invitations, the
// audit log and the account say her name. It has the operator's permissions all the same.
// The header does nothing on the network, for another face, or for who is no active Admin.
func TestTheWindowActsAsAnAdmin(t *testing.T) {
	s := webtest.New(t)
	grace := string(s.Admin.Member)
	fleet, fay := s.SignedIn("fay@example.com", access.Fleet)
	local, err := s.Web.Face(true)
	s.Must(err)
	ask := func(face *web.Face, method, path, body string, headers ...string) (int, map[string]any) {
		r, err := http.NewRequest(method, webtest.URL+"/api/v1"+path, strings.NewReader(body))
		s.Must(err)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := face.App().Test(r, -1)
		s.Must(err)
		defer res.Body.Close()
		var got map[string]any
		s.Must(json.NewDecoder(res.Body).Decode(&got))
		return res.StatusCode, got
	}
	window := []string{"X-Doorward-Via", "window", "X-Doorward-As"}
	if code, me := ask(local, "GET", "/me", "", append(window, grace)...); code != 200 || me["id"] != grace ||
		me["name"] != "Grace Hopper" || me["sign_in_method"] != "operator" {
		t.Errorf("at the window is %d %v", code, me)
	}
	code, _ := ask(local, "POST", "/invitations", `{"email":"ada@example.org","roles":["Fleet"],"print_link":true}`,
		append(window, grace)...)
	page, err := s.Service.Audit.List(bg, access.Operator, "", 1)
	s.Must(err)
	if by := page.Items[0].Actor; code != http.StatusCreated || string(by.Member) != grace ||
		by.Source != access.SourceDesktop {
		t.Errorf("%d, and the audit says %+v", code, by)
	}
	all, err := s.Service.Outbox.List(bg, access.Operator, service.MessageQuery{Limit: 0})
	s.Must(err)
	if !slices.ContainsFunc(all.Items, func(m access.Message) bool {
		return m.Recipient == "ada@example.org" && m.Subject == "Grace Hopper has invited you to AI Loop"
	}) {
		t.Errorf("the emails are %+v", all.Items)
	}
	code, token := ask(local, "POST", "/tokens", `{"name":"nightly","roles":["Admin"]}`, append(window, grace)...)
	if secret, _ := token["token"].(string); code != http.StatusCreated {
		t.Errorf("a token: %d %v", code, token)
	} else {
		s.Browser().API("GET", "/overview", "", webtest.Bearer(access.Secret(secret))).Want(t, 200)
	}
	for what, headers := range map[string][]string{
		"a member who is no Admin": append(window, string(fay)),
		"nobody":                   append(window, access.NewID()),
		"no id":                    append(window, "../x"),
		"the shell":                {"X-Doorward-As", grace},
	} {
		if _, me := ask(local, "GET", "/me", "", headers...); me["id"] != nil || me["name"] != "the operator" {
			t.Errorf("as %s it is %v", what, me)
		}
	}
	as := func(r *http.Request) {
		r.Header.Set("X-Doorward-Via", "window")
		r.Header.Set("X-Doorward-As", grace)
	}
	s.Browser().API("GET", "/me", "", as).Want(t, http.StatusUnauthorized)
	if me := fleet.API("GET", "/me", "", as).Object(t); me["id"] != string(fay) {
		t.Errorf("over the network it changes who asks: %v", me)
	}
}
