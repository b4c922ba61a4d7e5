package api_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// A preview shows on the console's own origin what somebody wrote into an address: a script, a
// style sheet, a link that runs something. It is shown as text, or refused as the settings
// would refuse it; and whoever may not read the settings gets none.
func TestPreviewTrustsNoAddress(t *testing.T) {
	c := webtest.NewCallers(t)
	at := func(page, name, value string) string {
		return "/settings/preview/" + page + "?" + name + "=" + url.QueryEscape(value)
	}
	rows := []row{
		{"below: a stranger", "stranger", "GET", "/settings/preview/login", "", 401, nil, nil},
		{"below: somebody pending", "pending", "GET", "/settings/preview/login", "", 403, nil, nil},
		{"below: a member", "fleet", "GET", "/settings/preview/login", "", 403, nil, nil},
		{"below: a token of a member's role", "weak token", "GET", "/settings/preview/login", "", 403, nil, nil},
		{"equal: a token that may", "admin token", "GET", "/settings/preview/login", "", 200, nil, nil},
		{"above: an Admin", "admin", "GET", "/settings/preview/login", "", 200, nil, nil},
		{"a page that has none", "admin", "GET", "/settings/preview/home", "", 404, nil, nil},
		{"a way out of the folder", "admin", "GET", "/settings/preview/..%2f..%2fme", "", 404, nil, nil},
		{"a parameter that it does not have", "admin", "GET", at("login", "css", "x"), "", 422,
			all("unknown_parameter"), nil},
		{"one twice", "admin", "GET", at("login", "footer", "a") + "&footer=b", "", 422, all("parameter_twice"), nil},
		{"a theme that there is not", "admin", "GET", at("login", "theme", `"><script>alert(1)</script>`), "", 200, nil,
			all("alert(1)")},
	}
	for _, page := range []string{"login", "pending", "invitation"} {
		rows = append(rows, []row{
			{page + ", a script as footer", "admin", "GET", at(page, "footer", "<script>alert(1)</script>"), "", 200,
				all("&lt;script&gt;alert(1)&lt;/script&gt;", "<body inert"), all("<script")},
			{page + ", a body as footer", "admin", "GET", at(page, "footer", "<body onload=x><head>"), "", 200,
				all("&lt;body onload=x&gt;&lt;head&gt;", "<body inert"), all("<body onload")},
			{page + ", the longest footer", "admin", "GET",
				at(page, "footer", strings.Repeat("ü", access.MaxFooter)), "", 200, nil, nil},
			{page + ", one too long", "admin", "GET", at(page, "footer", strings.Repeat("ü", access.MaxFooter+1)), "",
				422, all("appearance.footer"), nil},
			{page + ", a style sheet as colour", "admin", "GET", at(page, "accent", "#123456;}body{display:none"), "",
				422, all("colour_invalid", "appearance.accent"), nil},
			{page + ", a script as contact", "admin", "GET", at(page, "contact", "javascript:alert(1)"), "", 422,
				all("contact_invalid"), nil},
		}...)
	}
	run(t, c, rows)
}

// A preview is in one piece and can do nothing: its policy loads nothing from anywhere, and
// runs no script.
func TestPreviewIsInOnePiece(t *testing.T) {
	c := webtest.NewCallers(t)
	var logo bytes.Buffer
	c.Must(png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 64, 32))))
	_, err := c.Service.Settings.SetLogo(context.Background(), access.Operator, logo.Bytes())
	c.Must(err)
	for _, page := range []string{"login", "pending", "invitation"} {
		a := c.As("admin", "GET", "/settings/preview/"+page+"?accent=%237a1f5c&contact=help%40example.com", "")
		a.Want(t, 200, "#7a1f5c", `src="data:image/png;base64,`, "mailto:help@example.com")
		a.Lacks(t, "/brand/", "<script", `<link rel="stylesheet"`)
		policy := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy is %q, without %s", page, policy, want)
			}
		}
		if strings.Contains(policy, "allow-") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: the policy is %q", page, policy)
		}
		if got := a.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", page, got)
		}
	}
}
