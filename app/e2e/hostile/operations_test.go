package hostile

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// An operation is one that the OpenAPI document lists: all that the API takes.
type operation struct{ method, path string }

// operations are those that the server itself says it has, and the pages of the
// contract beside them.
func (h *house) operations() (all []operation) {
	h.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	a := h.admin.get("/api/v1/openapi.json").want(200)
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		h.t.Fatal(err)
	}
	for p, methods := range doc.Paths {
		if !strings.HasPrefix(p, "/api/v1") {
			p = "/api/v1" + p
		}
		for m := range methods {
			if m = strings.ToUpper(m); slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, m) {
				all = append(all, operation{m, p})
			}
		}
	}
	if len(all) < 35 {
		h.t.Fatalf("the document lists only %d operations", len(all))
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// fill writes values into the path; what has none gets an id that nobody has.
func (o operation) fill(values map[string]string) string {
	p := o.path
	for name, v := range values {
		p = strings.ReplaceAll(p, "{"+name+"}", v)
	}
	for strings.Contains(p, "{") {
		from, to := strings.IndexByte(p, '{'), strings.IndexByte(p, '}')
		p = p[:from] + strings.Repeat("a", 26) + p[to+1:]
	}
	return p
}

// body is what is sent with it: nothing where its method has none.
func (o operation) body(text string) io.Reader {
	if o.method == "GET" {
		return nil
	}
	return strings.NewReader(text)
}

// pages are those of members and of the console, which strangers may not see.
var pages = []string{"/", "/ailoop", "/ailoop/datalake", "/ailoop/flows", "/fleet", "/fleet/datalake", "/fleet/flows",
	"/admin", "/admin/", "/admin/members", "/admin/requests", "/admin/settings", "/window"}
