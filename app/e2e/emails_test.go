package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every email as a mail program shows it: wide and narrow, light and dark. The
// emails are the golden files of package email.
func TestEmails(t *testing.T) {
	dir := filepath.Join("..", "..", "backend", "email", "testdata", "emails")
	files, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(files) < 9 {
		t.Fatalf("there are only %d emails in %s (%v)", len(files), dir, err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".html"))
	}
	srv := httptest.NewServer(http.FileServerFS(os.DirFS(dir)))
	defer srv.Close()
	browse(t, "emails.spec.ts", newControl(t), "BASE_URL="+srv.URL, "EMAILS="+strings.Join(names, ","))
}
