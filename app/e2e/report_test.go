package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An outcome is how one Playwright test ended.
type outcome struct {
	name            string
	passed, skipped bool
	took            time.Duration
	message         string // Playwright's error message
}

type suite struct {
	Title  string  `json:"title"`
	Suites []suite `json:"suites"`
	Specs  []struct {
		Title string `json:"title"`
		Tests []struct {
			Status  string `json:"status"` // expected, unexpected, flaky, skipped
			Results []struct {
				Duration int          `json:"duration"` // milliseconds
				Errors   []reportFail `json:"errors"`
			} `json:"results"`
		} `json:"tests"`
	} `json:"specs"`
}

type reportFail struct {
	Message  string `json:"message"`
	Snippet  string `json:"snippet"`
	Location struct {
		File string `json:"file"`
		Line int    `json:"line"`
	} `json:"location"`
}

// parseReport reads what Playwright's JSON reporter wrote. An error outside any
// test, such as a spec that does not compile, comes back as a failed outcome.
func parseReport(b []byte) ([]outcome, error) {
	var report struct {
		Suites []suite      `json:"suites"`
		Errors []reportFail `json:"errors"`
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return nil, fmt.Errorf("read Playwright's report: %w", err)
	}
	var found []outcome
	for _, s := range report.Suites {
		found = append(found, s.outcomes(nil)...)
	}
	if len(report.Errors) > 0 {
		found = append(found, outcome{name: "outside any test", message: messages(report.Errors)})
	}
	return found, nil
}

func (s suite) outcomes(above []string) (found []outcome) {
	path := append(above[:len(above):len(above)], s.Title)
	for _, spec := range s.Specs {
		for _, test := range spec.Tests {
			o := outcome{
				name:    strings.ReplaceAll(strings.Join(append(path, spec.Title), " › "), "/", "∕"),
				passed:  test.Status == "expected",
				skipped: test.Status == "skipped",
			}
			var fails []reportFail
			for _, r := range test.Results {
				o.took += time.Duration(r.Duration) * time.Millisecond
				fails = append(fails, r.Errors...)
			}
			if !o.passed {
				o.message = test.Status + ": " + messages(fails)
			}
			found = append(found, o)
		}
	}
	for _, inner := range s.Suites {
		found = append(found, inner.outcomes(path)...)
	}
	return found
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func messages(fails []reportFail) string {
	var all []string
	for _, f := range fails {
		where := ""
		if f.Location.File != "" {
			where = fmt.Sprintf("%s:%d: ", filepath.Base(f.Location.File), f.Location.Line)
		}
		all = append(all, where+colours.ReplaceAllString(f.Message+"\n"+f.Snippet, ""))
	}
	return strings.Join(all, "\n")
}

func TestParseReport(t *testing.T) {
	const report = `{"suites":[{"title":"walk.spec.ts","specs":[
		{"title":"opens","tests":[{"status":"expected","results":[{"duration":1500,"errors":[]}]}]},
		{"title":"waits / pends","tests":[{"status":"skipped","results":[]}]}],
		"suites":[{"title":"approval","specs":[
			{"title":"lets in","tests":[{"status":"unexpected","results":[{"duration":20,"errors":[{"message":"\u001b[31mexpected 1\u001b[39m","snippet":"> 12 | x",
				"location":{"file":"/tree/walk.spec.ts","column":3,"line":12}}]}]}]},
			{"title":"twice","tests":[{"status":"flaky","results":[{"duration":1,"errors":[{"message":"once"}]},{"duration":1,"errors":[]}]}]}
		]}]}],
		"errors":[{"message":"SyntaxError: other.spec.ts"}]}`
	want := []outcome{
		{name: "walk.spec.ts › opens", passed: true, took: 1500 * time.Millisecond},
		{name: "walk.spec.ts › waits ∕ pends", skipped: true, message: "skipped: "},
		{
			name:    "walk.spec.ts › approval › lets in",
			took:    20 * time.Millisecond,
			message: "unexpected: walk.spec.ts:12: expected 1\n> 12 | x",
		},
		{name: "walk.spec.ts › approval › twice", took: 2 * time.Millisecond, message: "flaky: once\n"},
		{name: "outside any test", message: "SyntaxError: other.spec.ts\n"},
	}
	got, err := parseReport([]byte(report))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d outcomes, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("outcome %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if _, err := parseReport([]byte("Error: no tests")); err == nil {
		t.Error("a report that is not JSON was accepted")
	}
}
