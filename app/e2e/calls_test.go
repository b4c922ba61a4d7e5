package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A shown is a member as the API shows one.
type shown struct {
	ID, Email, State string
	Roles            []string
}

// is is the state of a register.
func (m shown) is() string {
	if m.ID == "" {
		return ""
	}
	return m.State + " " + strings.Join(m.Roles, "+")
}

// A reply is what a caller was told, with the member's id if it was said, and one word for how the
// call has ended.
type reply struct {
	told
	id, code string
}

// request is a step as the API takes it. A read by somebody who does not know the id is a search.
func (s step) request(who subject) (*http.Request, error) {
	const api = "http://doorward/api/v1"
	method, path, body := http.MethodPost, "/members/"+who.id+"/"+s.what, "{}"
	roles := `"roles":["` + s.role + `"]`
	switch s.what {
	case "invite":
		path, body = "/invitations", `{"email":"`+who.email+`",`+roles+`}`
	case "roles":
		method, path, body = http.MethodPatch, "/members/"+who.id, "{"+roles+"}"
	case "remove":
		method, path, body = http.MethodDelete, "/members/"+who.id, ""
	case "read":
		method, path, body = http.MethodGet, "/members/"+who.id, ""
		if who.id == "" {
			path = "/members?q=" + url.QueryEscape(who.email)
		}
	}
	req, err := http.NewRequest(method, api+path, strings.NewReader(body))
	if err == nil && body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

// call makes one call, once.
func call(client *http.Client, who subject, s step) reply {
	req, err := s.request(who)
	if err != nil {
		return reply{code: err.Error()}
	}
	res, err := client.Do(req)
	if err != nil {
		return reply{code: "no answer"}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{code: "half an answer"}
	}
	var a struct {
		shown
		Items        []shown
		Code, Detail string
	}
	if len(text) > 0 && json.Unmarshal(text, &a) != nil {
		return reply{code: res.Status}
	}
	for _, m := range a.Items {
		if m.Email == who.email {
			a.shown = m
		}
	}
	switch {
	case s.what == "read" && (res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotFound):
		return reply{told{kept, a.is()}, a.ID, "read"}
	case res.StatusCode/100 == 2:
		return reply{told{kept, a.is()}, a.ID, "kept"}
	case res.StatusCode == http.StatusConflict, res.StatusCode == http.StatusNotFound:
		return reply{told{denied, ""}, "", "denied"}
	case strings.Contains(a.Detail, "Nothing was changed"):
		return reply{told{refused, ""}, "", a.Code}
	}
	return reply{code: a.Code}
}
