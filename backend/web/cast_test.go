package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/service"
)

// api sends JSON as the console does.
func (g *guest) api(method, path, body string, change ...func(*http.Request)) answer {
	g.h.t.Helper()
	set := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
			r.Body = readCloser{strings.NewReader(body)}
			r.ContentLength = int64(len(body))
		}
	}
	return g.do(method, "/api/v1"+path, nil, append([]func(*http.Request){set}, change...)...)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func bearer(secret access.Secret) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+secret.Reveal())
		r.Header.Del("Sec-Fetch-Site")
	}
}

// token makes an API token of a member.
func (h *house) token(actor access.Actor, roles ...access.RoleName) access.Secret {
	h.t.Helper()
	_, secret, err := h.service.Tokens.Create(context.Background(), actor, "for a test", roles, 0)
	h.must(err)
	return secret
}

// A cast is one of each kind of caller.
type cast struct {
	*house
	admin, fleet, pending, suspended, stranger *guest
	ids                                        map[string]access.MemberID
	tokens                                     map[string]access.Secret
}

func newCast(t testing.TB, change ...func(*houseOptions)) *cast {
	t.Helper()
	h := newHouse(t, change...)
	c := &cast{house: h, stranger: h.guest(), ids: map[string]access.MemberID{}, tokens: map[string]access.Secret{}}
	c.admin, c.ids["admin"] = h.arrived("Admin@Example.com", access.Admin)
	c.fleet, c.ids["fleet"] = h.arrived("fleet@example.com", access.Fleet)
	c.suspended, c.ids["suspended"] = h.arrived("suspended@example.com", access.Fleet)
	_, err := h.service.Members.Suspend(bg, c.house.admin, c.ids["suspended"])
	h.must(err)
	for _, g := range []*guest{c.admin, c.fleet} {
		g.get("/").want(t, 200) // the session gets its id after the rise of rights
	}
	var link string
	c.ids["pending"], link = h.invite("pending@example.com", access.Fleet)
	c.pending = h.guest()
	c.pending.enter(link)
	actor := h.confirmed(c.ids["admin"])
	c.tokens["admin"], c.tokens["weak"] = h.token(actor, access.Admin), h.token(actor, access.Fleet)
	return c
}

// as sends a request as one of the cast.
func (c *cast) as(who, method, path, body string) answer {
	c.t.Helper()
	if secret, ok := c.tokens[strings.TrimSuffix(who, " token")]; ok && strings.HasSuffix(who, " token") {
		return c.guest().api(method, path, body, bearer(secret))
	}
	g := map[string]*guest{"admin": c.admin, "fleet": c.fleet, "pending": c.pending, "suspended": c.suspended, "stranger": c.stranger}[who]
	if g == nil {
		c.t.Fatalf("nobody is called %q", who)
	}
	return g.api(method, path, body)
}

// object reads a JSON answer.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%s %s answers %q: %v", a.Request.Method, a.Request.URL, a.body, err)
	}
	return v
}

// items are the objects of a list.
func (a answer) items(t testing.TB) (all []map[string]any) {
	t.Helper()
	list, ok := a.object(t)["items"].([]any)
	if !ok {
		t.Fatalf("%s has no items: %s", a.Request.URL, a.body)
	}
	for _, x := range list {
		all = append(all, x.(map[string]any))
	}
	return all
}

// keys are the fields of an object, sorted, with commas between.
func keys(m map[string]any) string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return sortedList(all)
}

func deskInvitation(c *cast, email string) service.NewInvitation {
	return service.NewInvitation{Email: c.address(email), Roles: []access.RoleName{access.Fleet}}
}
