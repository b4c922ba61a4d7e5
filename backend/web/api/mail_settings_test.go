package api_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// The mail server's password goes in and never comes out: not by any answer of the API, the
// audit log, its export, the log or a backup. The API only says that there is one.
func TestMailPasswordIsWriteOnly(t *testing.T) {
	const password = "pa55-w0rd+sesame"
	c := webtest.NewCallers(t, func(o *webtest.Options) { o.Mail = false })
	setup := `{"mail_settings":{"host":"smtp.example.com","user":"door","password":"` + password +
		`","from":"AI Loop <door@example.com>"}}`
	run(t, c, []row{
		{"none yet", "admin", "GET", "/settings", "", 200, all(`"configured":false`, `"password_set":false`), nil},
		{"by a token", "admin token", "PATCH", "/settings", setup, 403, all("token_outlives"), all(password)},
		{"by a member", "fleet", "PATCH", "/settings", setup, 403, nil, all(password)},
		{"set", "admin", "PATCH", "/settings", setup, 200, all(`"password_set":true`, `"host":"smtp.example.com"`,
			`"port":587`, `"security":"starttls"`, `"configured":true`, `"server":"smtp.example.com:587"`), all(password)},
		{"refused", "admin", "PATCH", "/settings",
			`{"mail_settings":{"security":"none","password":"` + password + `"}}`, 422,
			all(`"location":"mail_settings.security"`), all(password)},
		{"a password that is no text", "admin", "PATCH", "/settings",
			`{"mail_settings":{"password":["` + password + `"]}}`, 422, nil, all(password)},
		{"tested", "admin", "POST", "/settings/mail/test", "", 200, all(`"state":"queued"`), all(password)},
	})
	for _, path := range []string{"/settings", "/settings/checks", "/overview", "/me", "/outbox", "/audit",
		"/audit/export", "/roles", "/tokens", "/openapi.json", "/members", "/invitations/check"} {
		if a := c.As("admin", "GET", path, ""); strings.Contains(a.Text, password) {
			t.Errorf("GET %s answers with the password: %s", path, a.Text)
		}
	}
	if strings.Contains(c.Log.String(), password) {
		t.Errorf("the log has the password:\n%s", c.Log)
	}
	var backup bytes.Buffer
	if err := c.Store.Backup(context.Background(), &backup); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(backup.Bytes(), []byte(password)) {
		t.Error("the backup has the password")
	}
	page, err := c.Service.Audit.List(context.Background(), access.Operator, "", 50)
	c.Must(err)
	seen := false
	for _, e := range page.Items {
		if strings.Contains(e.Detail, password) {
			t.Errorf("an audit entry has the password: %q", e.Detail)
		}
		seen = seen || strings.Contains(e.Detail, "mail server smtp.example.com:587, mail password")
	}
	if !seen {
		t.Error("no audit entry says what was changed")
	}
}
