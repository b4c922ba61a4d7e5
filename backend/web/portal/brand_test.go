package portal_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// A look of one's own must not cost a page its strict headers, nor leave a way to the files
// of before; and what an Admin types as footer is text.
func TestBrandFiles(t *testing.T) {
	s := webtest.New(t)
	ctx := context.Background()
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 320, 96))); err != nil {
		t.Fatal(err)
	}
	_, err := s.Service.Settings.SetLogo(ctx, access.Operator, logo.Bytes())
	s.Must(err)
	accent, footer, contact := "#7a1f5c", "Ask <b>us</b>", "help@example.com"
	_, err = s.Service.Settings.Change(ctx, access.Operator, service.SettingsChange{
		Brand: &service.BrandChange{Accent: &accent, Footer: &footer, Contact: &contact},
	})
	s.Must(err)
	b := s.Browser()
	page := b.Get("/login")
	page.Want(t, 200, "Ask &lt;b&gt;us&lt;/b&gt;", `href="mailto:help@example.com"`, `width="160" height="48"`)
	if got := page.Header.Get("Content-Security-Policy"); got != web.ContentPolicy {
		t.Errorf("the policy is %q", got)
	}
	files := regexp.MustCompile(`/brand/[a-z]+\.[0-9a-f]+\.(png|css)`).FindAllString(page.Text, -1)
	if len(files) != 2 {
		t.Fatalf("the page links to %v", files)
	}
	for _, file := range files {
		a := b.Get(file)
		if a.StatusCode != 200 || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
			a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			a.Header.Get("Content-Security-Policy") != web.ContentPolicy {
			t.Errorf("%s: %d %v", file, a.StatusCode, a.Header)
		}
		if strings.HasSuffix(file, ".css") && !strings.Contains(a.Text, "--accent:#7a1f5c;--accent-ink:#ffffff") {
			t.Errorf("the style sheet is %q", a.Text)
		}
	}
	_, err = s.Service.Settings.SetLogo(ctx, access.Operator, nil)
	s.Must(err)
	for _, gone := range append(files[:0:0], "/brand/logo..png", "/brand/accent.css", "/brand/x") {
		b.Get(gone).Want(t, 404)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".png") {
			b.Get(file).Want(t, 404)
		}
	}
}
