package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/build/need"
)

// The lines are those of go test -json, shortened.
func TestTallyEvents(t *testing.T) {
	tests := []struct {
		name    string
		events  string
		passed  int
		failed  []string
		skipped []string
		shows   string // part of the failures' output
	}{
		{"nothing", "", 0, nil, nil, ""},
		{"a package without tests", `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}
{"Action":"skip","Package":"p","Elapsed":0}`, 0, nil, nil, ""},
		{"only leaves count", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"run","Package":"p","Test":"TestAB"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestAB"}
{"Action":"pass","Package":"p"}`, 3, nil, nil, ""},
		{"a failing leaf, with what its parent said", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA/one","Output":"want 1\n"}
{"Action":"fail","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA","Output":"the server's log\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, 0, []string{"p.TestA/one"}, nil, "want 1\nthe server's log\n"},
		{"a parent that fails after its leaf passed", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA","Output":"not closed\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, 1, []string{"p.TestA"}, nil, "not closed"},
		{"skipped for want of what could be installed", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"there is no browser\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, 0, []string{"p.TestA"}, nil, "there is no browser\nOnly what is not possible"},
		{"skipped where it is not possible", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: Not possible here: only root can\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, 0, nil, []string{"p.TestA"}, ""},
		{"a test that never ended", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}`, 0, []string{"p.TestA"}, nil, "timed out"},
		{"output that stops in the middle", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"ou`, 1, []string{"p"}, nil, "p did not end"},
		{"a build that failed", `{"ImportPath":"p [p.test]","Action":"build-output","Output":"undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`, 0, []string{"p"}, nil, "undefined: x\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(need.Variable, "1")
			got := tallyEvents(strings.NewReader(tt.events), io.Discard)
			expect(t, got, tt.passed, tt.failed, tt.skipped)
			if !strings.Contains(outputs(got.failed), tt.shows) {
				t.Errorf("shows %q, want %q in it", outputs(got.failed), tt.shows)
			}
		})
	}
}

// make check installs nothing, so what is missing there is reported and no failure.
func TestSkipsOfAQuickRun(t *testing.T) {
	t.Setenv(need.Variable, "")
	got := tallyEvents(strings.NewReader(`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"there is no browser\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`), io.Discard)
	expect(t, got, 0, nil, []string{"p.TestA"})
}

// The format of a real run of go test decides, not what this file assumes.
func TestGoTest(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"go.mod": "module m\n\ngo 1.26\n",
		"good/a_test.go": "package good\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Run(\"x\", " +
			"func(*testing.T) {}); t.Run(\"y\", func(t *testing.T) { t.Skip(\"Not possible here: no sea\") }) }\n",
		"bad/a_test.go": "package bad\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Error(\"wrong number\") " +
			"}\nfunc TestB(t *testing.T) {}\n",
		"broken/a_test.go": "package broken\nimport \"testing\"\nfunc TestA(t *testing.T) { undefinedThing() }\n",
		"panics/a_test.go": "package panics\nimport \"testing\"\nfunc TestA(t *testing.T) {}\nfunc TestB(t " +
			"*testing.T) { panic(\"out of milk\") }\nfunc TestC(t *testing.T) {}\n",
		"exits/a_test.go": "package exits\nimport (\"os\"; \"testing\")\nfunc TestMain(m *testing.M) { os.Exit(3) " +
			"}\nfunc TestA(t *testing.T) {}\n",
		"none/a.go": "package none\n",
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	t.Setenv(need.Variable, "1")

	var progress strings.Builder
	got := goTest(t.Context(), &progress, "./...")
	expect(t, got, 3, []string{"m/bad.TestA", "m/broken", "m/exits", "m/panics.TestB"}, []string{"m/good.TestA/y"})
	for _, want := range []string{"wrong number", "undefined: undefinedThing", "out of milk", "exit status 3"} {
		if !strings.Contains(outputs(got.failed), want) {
			t.Errorf("the failures do not show %q:\n%s", want, outputs(got.failed))
		}
	}
	if !strings.Contains(outputs(got.skipped), "no sea") {
		t.Errorf("the reason for skipping is missing: %q", outputs(got.skipped))
	}
	if !strings.Contains(progress.String(), "pass m/good: 1 passed, 0 failed, 1 skipped in") {
		t.Errorf("progress is\n%s", &progress)
	}

	if got := goTest(t.Context(), io.Discard, "./nowhere"); len(got.failed) == 0 {
		t.Errorf("a folder that is not there gives %s, want a failure", got)
	}
}

func expect(t *testing.T, got tally, passed int, failed, skipped []string) {
	t.Helper()
	if got.passed != passed {
		t.Errorf("%d passed, want %d", got.passed, passed)
	}
	if names := names(got.failed); !slices.Equal(names, failed) {
		t.Errorf("failed %q, want %q", names, failed)
	}
	if names := names(got.skipped); !slices.Equal(names, skipped) {
		t.Errorf("skipped %q, want %q", names, skipped)
	}
}

func names(all []ended) (names []string) {
	for _, e := range all {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return names
}

func outputs(all []ended) string {
	var b strings.Builder
	for _, e := range all {
		b.WriteString(e.output)
	}
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
