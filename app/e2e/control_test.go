package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A control is an HTTP server on loopback by which a spec calls the Go test that
// started it: each verb is a POST with JSON in and JSON out.
type control struct {
	url string
	mux *http.ServeMux
}

// newControl opens a control without verbs; it closes with the test.
func newControl(t *testing.T) *control {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return &control{url: srv.URL, mux: mux}
}

// on answers verb with what answer returns. An error, or input that does not fit In, is
// answered 422 with the sentence, which fails the spec.
func on[In, Out any](c *control, verb string, answer func(In) (Out, error)) {
	c.mux.HandleFunc("POST /"+verb, func(w http.ResponseWriter, r *http.Request) {
		var in In
		var out Out
		err := decode(r.Body, &in)
		if err == nil {
			out, err = answer(in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(out)
	})
}

func decode(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func TestControl(t *testing.T) {
	c := newControl(t)
	on(c, "greet", func(in struct{ Name string }) (string, error) {
		if in.Name == "" {
			return "", errors.New("nobody to greet")
		}
		return "Hello " + in.Name, nil
	})
	tests := []struct {
		name, verb, body string
		status           int
		want             string
	}{
		{"an answer", "greet", `{"name":"Ada"}`, http.StatusOK, `"Hello Ada"`},
		{"a refusal", "greet", `{}`, http.StatusUnprocessableEntity, "nobody to greet"},
		{"a wrong field", "greet", `{"nom":"Ada"}`, http.StatusUnprocessableEntity, "unknown field"},
		{"an unknown verb", "shout", `{}`, http.StatusNotFound, "not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := http.Post(c.url+"/"+tt.verb, "application/json", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body)
			if res.StatusCode != tt.status || !strings.Contains(string(b), tt.want) {
				t.Errorf("%d %s, want %d with %s", res.StatusCode, b, tt.status, tt.want)
			}
		})
	}
}
