package webtest

import (
	"context"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

// Callers is a server with one caller of each kind.
type Callers struct {
	*Server
	Admin     *Browser
	Fleet     *Browser
	Pending   *Browser
	Suspended *Browser
	Stranger  *Browser
	IDs       map[string]access.MemberID
	Tokens    map[string]access.Secret
}

// NewCallers makes the callers on a server of their own.
func NewCallers(t testing.TB, change ...func(*Options)) *Callers {
	t.Helper()
	return NewCallersOn(t, enginetest.Open, change...)
}

// NewCallersOn is NewCallers on another engine.
func NewCallersOn(t testing.TB, engine kv.Opener, change ...func(*Options)) *Callers {
	t.Helper()
	s := NewOn(t, engine, change...)
	c := &Callers{
		Server:   s,
		Stranger: s.Browser(),
		IDs:      map[string]access.MemberID{},
		Tokens:   map[string]access.Secret{},
	}
	c.Admin, c.IDs["admin"] = s.SignedIn("Admin@Example.com", access.Admin)
	c.Fleet, c.IDs["fleet"] = s.SignedIn("fleet@example.com", access.Fleet)
	c.Suspended, c.IDs["suspended"] = s.SignedIn("suspended@example.com", access.Fleet)
	_, err := s.Service.Members.Suspend(context.Background(), s.Admin, c.IDs["suspended"])
	s.Must(err)
	for _, b := range []*Browser{c.Admin, c.Fleet} {
		b.Get("/").Want(t, 200) // the session gets a new id after the permissions rise
	}
	var link string
	c.IDs["pending"], link = s.Invite("pending@example.com", access.Fleet)
	c.Pending = s.Browser()
	c.Pending.RedeemLink(link)
	actor := s.Confirmed(c.IDs["admin"])
	c.Tokens["admin"] = s.Token(actor, access.Admin)
	c.Tokens["weak"] = s.Token(actor, access.Fleet)
	return c
}

// As sends a request as one of the callers.
func (c *Callers) As(who, method, path, body string) Answer {
	c.T.Helper()
	if secret, ok := c.Tokens[strings.TrimSuffix(who, " token")]; ok && strings.HasSuffix(who, " token") {
		return c.Browser().API(method, path, body, Bearer(secret))
	}
	b := map[string]*Browser{
		"admin":     c.Admin,
		"fleet":     c.Fleet,
		"pending":   c.Pending,
		"suspended": c.Suspended,
		"stranger":  c.Stranger,
	}[who]
	if b == nil {
		c.T.Fatalf("nobody is called %q", who)
	}
	return b.API(method, path, body)
}

// Fill replaces {name} by that caller's id.
func (c *Callers) Fill(s string) string {
	for name, id := range c.IDs {
		s = strings.ReplaceAll(s, "{"+name+"}", string(id))
	}
	return s
}

// Problem checks the form of a refusal.
func (c *Callers) Problem(t *testing.T, a Answer) {
	t.Helper()
	p := a.Object(t)
	if a.Header.Get("Content-Type") != "application/problem+json" || p["status"] != float64(a.StatusCode) ||
		p["title"] == "" {
		t.Errorf("not a problem: %s %s", a.Header.Get("Content-Type"), a.Text)
	}
	if code, _ := p["code"].(string); code == "" || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		t.Errorf("the code is not snake case: %s", a.Text)
	}
	if detail, _ := p["detail"].(string); !strings.HasSuffix(detail, ".") && !strings.HasSuffix(detail, "…") {
		t.Errorf("the detail is no sentence: %s", a.Text)
	}
	for _, x := range []string{"goroutine", "web.", "api.", "service.", "store.", ".go:", "Body."} {
		if strings.Contains(a.Text, x) {
			t.Errorf("the refusal tells of our code (%s): %s", x, a.Text)
		}
	}
	if list, ok := p["errors"].([]any); ok {
		for _, e := range list {
			if Keys(e.(map[string]any)) != "location,message" {
				t.Errorf("an error's shape: %v", e)
			}
		}
	}
}
