package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

var documentFile = flag.String("document", "", "write the OpenAPI document there, indented")

// The document is a contract: programs are written against it, and the console's
// types are generated from this file (npm run types in frontend/console).
func TestDocumentIsWritten(t *testing.T) {
	s := webtest.New(t, leading().In)
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

// leading is a cluster whose leading machine a server is.
func leading() *webtest.Machines {
	m := &webtest.Machines{}
	m.Lead("a", true)
	return m
}

// On a server alone the document has nothing of a cluster, and the answers neither.
func TestAServerAloneHasNothingOfACluster(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, path := range []string{"/openapi.json", "/settings"} {
		c.Admin.API(http.MethodGet, path, "").Lacks(t, "cluster", "_machine", "join_token")
	}
	text := webtest.New(t, leading().In).Browser().Get("/api/v1/openapi.json").Text
	for _, a := range access.ClusterActions() {
		if !strings.Contains(text, `"`+a.Name()+`":"`) {
			t.Errorf("the document of a cluster lacks %s", a.Name())
		}
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
