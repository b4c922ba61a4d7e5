package portal

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestFirstVisitIsSmall(t *testing.T) {
	p := openPages(t)
	var css, js int
	for path, a := range p.assets {
		if len(a.In("gzip")) == 0 || len(a.In("br")) == 0 {
			t.Errorf("%s is not smaller when compressed", path)
		}
		if strings.HasSuffix(path, ".css") {
			css = len(a.Plain())
		} else {
			js = len(a.Plain())
		}
	}
	for name, s := range samples() {
		page := draw(t, p, s)
		requests, size := 2, len(page)+css
		if strings.Contains(page, "<script") {
			requests, size = requests+1, size+js
		}
		const headers = 3 * 900
		if size+headers > 30_000 || requests > 3 {
			t.Errorf("%s: %d bytes uncompressed in %d requests", name, size+headers, requests)
		}
	}
	t.Logf("style sheet %d bytes, script %d, sign-in page %d", css, js, len(draw(t, p, sample{pageLogin, LoginPage{
		Leaf: leaf(),
	}})))
}

func TestAssetsAreNamedByTheirContent(t *testing.T) {
	p := openPages(t)
	page := draw(t, p, samples()["pending"])
	paths := regexp.MustCompile(`/assets/[a-z0-9.]+`).FindAllString(page, -1)
	if len(paths) != 2 {
		t.Fatalf("the waiting page links to %q", paths)
	}
	for _, path := range paths {
		a, ok := p.assets[path]
		if !ok || len(a.Plain()) == 0 || a.Type == "" || !hashed.MatchString(path) {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if _, ok := p.assets["/assets/door.000000000000.css"]; ok {
		t.Error("an asset that never was is served")
	}
	if body := p.assets[paths[0]].Plain(); !bytes.Contains(body, []byte("--paper")) ||
		!bytes.Contains(body, []byte(".leaf")) {
		t.Error("the style sheet does not hold both the tokens and the rules of the portal")
	}
}
