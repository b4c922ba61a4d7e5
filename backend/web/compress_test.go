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
	if len(plain.body) < compressFrom || plain.Header.Get("Content-Encoding") != "" || !strings.Contains(plain.Header.Get("Vary"), "Accept-Encoding") {
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
	if len(many.body) < compressFrom || many.Header.Get("Content-Encoding") != "" || me.Header.Get("Content-Encoding") != "" {
		t.Errorf("a change of %d bytes is answered %v; a short answer %v", len(many.body), many.Header, me.Header)
	}
}

// What a client says that it takes, and what it is sent.
func TestChooseEncoding(t *testing.T) {
	tests := []struct{ header, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"GZIP, deflate", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5, gzip;q=0.8", "gzip"},
		{"br;q=0.8, gzip;q=0.8", "br"},
		{"gzip, br;q=0", "gzip"},
		{"gzip;q=0, br;q=0.0", ""},
		{"gzip ; Q=0.3", "gzip"},
		{"*", "br"},
		{"*;q=0", ""},
		{"*;q=0, gzip", "gzip"},
		{"*, br;q=0", "gzip"},
		{"br;q=0, *;q=0.1", "gzip"},
		{"gzip;q=", ""},
		{"gzip;q=x", ""},
		{"gzip;q=-1", ""},
		{"gzip;q=NaN", ""},
		{"brotli, abr, xgzip, gzipx", ""},
		{"identity", ""},
	}
	for _, tt := range tests {
		if got := chooseEncoding(tt.header, "br", "gzip"); got != tt.want {
			t.Errorf("Accept-Encoding: %s is sent %q, want %q", tt.header, got, tt.want)
		}
	}
}

// A browser that refuses gzip by its weight is sent the style sheet of the portal
// as it is: each way out asks the same function.
func TestAssetsKeepToTheWeights(t *testing.T) {
	h := newHouse(t)
	for path := range h.portal.pages.assets {
		for takes, want := range map[string]string{"gzip;q=0": "", "gzip": "gzip", "gzip;q=0.5, br": "br", "": ""} {
			a := h.guest().get(path, func(r *http.Request) { r.Header.Set("Accept-Encoding", takes) })
			if got := a.Header.Get("Content-Encoding"); got != want || a.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s for %q is %q, %v", path, takes, got, a.Header)
			}
		}
	}
}
