package web_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// An attacker watches the length of compressed responses. Long lists are
// compressed for clients that accept it, with the same content; the response to a
// change is not, since it may hold a secret, nor is a short one.
func TestLongListsAreCompressed(t *testing.T) {
	c := webtest.NewCallers(t)
	for i := range 12 {
		c.Invite(fmt.Sprintf("person%d@example.com", i), access.Fleet)
	}
	packed := func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }
	plain := c.Admin.API("GET", "/members?limit=50", "")
	if len(plain.Text) < web.CompressFrom || plain.Header.Get("Content-Encoding") != "" ||
		!strings.Contains(plain.Header.Get("Vary"), "Accept-Encoding") {
		t.Fatalf("a list of %d bytes, %v", len(plain.Text), plain.Header)
	}
	small := c.Admin.API("GET", "/members?limit=50", "", packed)
	if small.Header.Get("Content-Encoding") != "gzip" || len(small.Text)*3 > len(plain.Text) {
		t.Errorf("%d bytes of %d, %v", len(small.Text), len(plain.Text), small.Header)
	}
	r, err := gzip.NewReader(strings.NewReader(small.Text))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != plain.Text {
		t.Errorf("the compressed list says something else: %v", err)
	}
	rows := strings.Repeat(`{"email":"nobody","roles":["Fleet"]},`, 30)
	many := c.Admin.API("POST", "/invitations/batch", `{"dry_run":true,"invitations":[`+strings.TrimSuffix(rows, ",")+
		`]}`, packed)
	me := c.Admin.API("GET", "/me", "", packed)
	if len(many.Text) < web.CompressFrom || many.Header.Get("Content-Encoding") != "" ||
		me.Header.Get("Content-Encoding") != "" {
		t.Errorf("a change of %d bytes is answered %v; a short answer %v", len(many.Text), many.Header, me.Header)
	}
}

// A browser that refuses gzip by its weight gets the portal's style sheet
// uncompressed: every kind of response uses the same function.
func TestAssetsKeepToTheWeights(t *testing.T) {
	s := webtest.New(t)
	paths := regexp.MustCompile(`/assets/door[a-z0-9.]+`).FindAllString(s.Browser().Get("/login").Text, -1)
	if len(paths) == 0 {
		t.Fatal("the sign-in page has no style sheet")
	}
	for _, path := range paths {
		for takes, want := range map[string]string{"gzip;q=0": "", "gzip": "gzip", "gzip;q=0.5, br": "br", "": ""} {
			a := s.Browser().Get(path, func(r *http.Request) { r.Header.Set("Accept-Encoding", takes) })
			if got := a.Header.Get("Content-Encoding"); got != want || a.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s for %q is %q, %v", path, takes, got, a.Header)
			}
		}
	}
}
