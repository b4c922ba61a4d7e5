package need

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A watched is a test whose skip or failure is recorded instead of carried out.
type watched struct {
	testing.TB
	end, said string
}

func (w *watched) Helper() {}

func (w *watched) Skipf(format string, args ...any) { w.ends("skip", format, args) }

func (w *watched) Fatalf(format string, args ...any) { w.ends("fail", format, args) }

func (w *watched) ends(how, format string, args []any) {
	w.end, w.said = how, fmt.Sprintf(format, args...)
	panic(w)
}

// seen runs the body of a test and returns how it ended.
func seen(do func(testing.TB)) (w *watched) {
	w = &watched{}
	defer func() {
		if p := recover(); p != nil && p != any(w) {
			panic(p)
		}
	}()
	do(w)
	return w
}

// A test that is skipped in `make test` passes and has tested nothing.
func TestMissing(t *testing.T) {
	noProgram := func(t testing.TB) { Program(t, "no-such-package", "no-such-program") }
	missing := func(t testing.TB) { Missing(t, "There is no %s.", "sea") }
	impossible := func(t testing.TB) { Impossible(t, "There is no %s.", "sea") }
	tests := []struct {
		name, all, run string
		do             func(testing.TB)
		end, said      string
	}{
		{"missing, plainly", "", "", missing, "skip", "There is no sea."},
		{"missing, of all", "1", "", missing, "fail", "There is no sea."},
		{"a program, plainly", "", "", noProgram, "skip", "`apt install no-such-package`"},
		{"a program, of all", "1", "", noProgram, "fail", "`apt install no-such-package`"},
		{"time, plainly", "", "", Time, "skip", "`make test` runs it"},
		{"time, of all", "1", "", Time, "", ""},
		{"time, of a test that is named", "", "TestDisk", Time, "", ""},
		{"impossible, plainly", "", "", impossible, "skip", NotHere + "There is no sea."},
		{"impossible, of all", "1", "", impossible, "skip", NotHere + "There is no sea."},
		{"any other word than 1", "yes", "", missing, "skip", "There is no sea."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(Variable, tt.all)
			whole(t, tt.run)
			got := seen(tt.do)
			if got.end != tt.end || !strings.Contains(got.said, tt.said) {
				t.Errorf("it ended in %q with %q, want %q with %q", got.end, got.said, tt.end, tt.said)
			}
		})
	}
}

// whole has the test run as with -run named.
func whole(t *testing.T, named string) {
	was := chosen
	chosen = func() string { return named }
	t.Cleanup(func() { chosen = was })
}

func TestProgramThatIsThere(t *testing.T) {
	if path := Program(t, "golang-go", "no-such-program", "go"); !strings.HasSuffix(path, "go") {
		t.Errorf("Program = %q, want where go is", path)
	}
}

// `make test` cannot turn a skip outside this package into a failure.
func TestNothingElseSkips(t *testing.T) {
	if found := strays(t, "../.."); len(found) > 0 {
		t.Errorf("these skip without package need:\n%s", strings.Join(found, "\n"))
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a_test.go":  "t.Skip(\"later\")",
		"b_test.go":  "if testing.Short() {",
		"c.spec.ts":  "test.skip('later', async () => {})",
		"d.test.ts":  "describe.todo('later')",
		"e_test.go":  "if t.Skipped() {",
		"f_test.go":  "need.Root(t)",
		"g.spec.ts":  "await page.skipToEnd()",
		"h.test.ts":  "test.fixme('later')",
		"i_test.txt": "t.Skip()",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, f := range strays(t, dir) {
		names = append(names, f[:strings.Index(f, ":")])
	}
	if want := []string{"a_test.go", "b_test.go", "c.spec.ts", "d.test.ts", "h.test.ts"}; !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}

var (
	skipsInGo = regexp.MustCompile(`\.(Skip|Skipf|SkipNow)\(|testing\.Short\(`)
	skipsInTS = regexp.MustCompile(`\b(test|it|describe)(\.\w+)?\.(skip|skipIf|runIf|todo|fixme)\b`)
)

// strays are the places below root where a test skips without this package.
func strays(t *testing.T, root string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if d.IsDir() && (name == "build" || d.Name() == "node_modules" || len(name) > 1 && d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		skips := skipsInTS
		switch {
		case d.IsDir():
			return nil
		case strings.HasSuffix(name, ".go"):
			skips = skipsInGo
		case !strings.HasSuffix(name, ".spec.ts") && !strings.HasSuffix(name, ".test.ts"):
			return nil
		}
		text, err := os.ReadFile(path)
		for i, line := range strings.Split(string(text), "\n") {
			if skips.MatchString(line) {
				found = append(found, fmt.Sprintf("%s:%d: %s", filepath.ToSlash(name), i+1, strings.TrimSpace(line)))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
