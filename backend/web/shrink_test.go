package web

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
)

// Long lists are compressed for who can read that, and say the same. What a
// change answers is not, since a secret may stand in it; nor what is short.
func TestLongListsAreCompressed(t *testing.T) {
	c := newCast(t)
	for i := range 12 {
		c.invite(fmt.Sprintf("person%d@example.com", i), access.Fleet)
	}
	packed := func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }
	plain := c.admin.api("GET", "/members?limit=50", "")
	if len(plain.body) < shrinkFrom || plain.Header.Get("Content-Encoding") != "" || !strings.Contains(plain.Header.Get("Vary"), "Accept-Encoding") {
		t.Fatalf("a list of %d bytes, %v", len(plain.body), plain.Header)
	}
	small := c.admin.api("GET", "/members?limit=50", "", packed)
	if small.Header.Get("Content-Encoding") != "gzip" || len(small.body)*3 > len(plain.body) {
		t.Errorf("%d bytes of %d, %v", len(small.body), len(plain.body), small.Header)
	}
	r, err := gzip.NewReader(strings.NewReader(small.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != plain.body {
		t.Errorf("the compressed list says something else: %v", err)
	}
	rows := strings.Repeat(`{"email":"nobody","roles":["Fleet"]},`, 30)
	many := c.admin.api("POST", "/invitations/batch", `{"dry_run":true,"invitations":[`+strings.TrimSuffix(rows, ",")+`]}`, packed)
	me := c.admin.api("GET", "/me", "", packed)
	if len(many.body) < shrinkFrom || many.Header.Get("Content-Encoding") != "" || me.Header.Get("Content-Encoding") != "" {
		t.Errorf("a change of %d bytes is answered %v; a short answer %v", len(many.body), many.Header, me.Header)
	}
}
