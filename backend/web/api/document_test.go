package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"testing"

	"doorward/backend/web/webtest"
)

var documentFile = flag.String("document", "", "write the OpenAPI document there, indented")

// The document is a contract: programs are written against it, and the console's
// types are generated from this file (npm run types in frontend/console).
func TestDocumentIsWritten(t *testing.T) {
	s := webtest.New(t)
	a := s.Browser().Get("/api/v1/openapi.json")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("GET openapi.json = %d, want 200", a.StatusCode)
	}
	var out bytes.Buffer
	s.Must(json.Indent(&out, []byte(a.Text), "", "  "))
	if !bytes.Contains(out.Bytes(), []byte(`"operationId": "list-login-requests"`)) {
		t.Errorf("the document lacks the login requests")
	}
	if *documentFile != "" {
		s.Must(os.WriteFile(*documentFile, out.Bytes(), 0o600))
	}
}

// oldWords are words of earlier versions of the document that a native writer would not use there.
var oldWords = regexp.MustCompile(`(?i)\b(anew|nobody|somebody|whoever|worth nothing|one should)\b`)

func TestDocumentIsInPlainWords(t *testing.T) {
	text := webtest.New(t).Browser().Get("/api/v1/openapi.json").Text
	for _, found := range oldWords.FindAllStringIndex(text, -1) {
		t.Errorf("the document says %q", text[max(found[0]-60, 0):min(found[1]+20, len(text))])
	}
}
