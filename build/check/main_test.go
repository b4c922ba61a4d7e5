package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	good := static("good", func(context.Context) (string, error) { return "", nil })
	bad := static("bad", func(context.Context) (string, error) {
		return "line one\nline two\n", errors.New("did not hold")
	})
	empty := step{"empty", func(context.Context, io.Writer) tally { return tally{} }}
	skips := step{"skips", func(context.Context, io.Writer) tally {
		t := tally{passed: 2}
		t.skip("TestSea", "no sea")
		return t
	}}

	tests := []struct {
		name  string
		steps []step
		ok    bool
		last  string
		shows []string
	}{
		{"all well", []step{good, good}, true, "2 passed, 0 failed", nil},
		{"goes on after a failure and shows it", []step{bad, good}, false, "1 passed, 1 failed",
			[]string{"failed: bad\n    line one\n    line two\n    did not hold\n", "=== good\n",
				"failed: bad\n    did not hold\n1 passed"}},
		{"a step that ran no test", []step{good, empty}, false, "1 passed, 1 failed",
			[]string{"failed: empty ran no test"}},
		{"skipped are told", []step{skips}, true, "2 passed, 0 failed, 1 skipped",
			[]string{"skipped: TestSea\n    no sea"}},
		{"no steps", nil, false, "0 passed, 0 failed", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if ok := run(t.Context(), &out, tt.steps); ok != tt.ok {
				t.Errorf("run = %v, want %v", ok, tt.ok)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if last := lines[len(lines)-1]; last != tt.last {
				t.Errorf("the last line is %q, want %q", last, tt.last)
			}
			for _, want := range tt.shows {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, &out)
				}
			}
		})
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var ran []string
	note := func(name string) step {
		return static(name, func(context.Context) (string, error) { ran = append(ran, name); stop(); return "", nil })
	}
	var out strings.Builder
	if run(ctx, &out, []step{note("one"), note("two")}) || len(ran) != 1 {
		t.Errorf("ran %q after the interruption:\n%s", ran, &out)
	}
	if !strings.HasSuffix(out.String(), "failed: interrupted before two\n1 passed, 1 failed\n") {
		t.Errorf("ends with\n%s", &out)
	}
}

func TestChoose(t *testing.T) {
	got, err := choose(steps, []string{"vet", "gofmt"})
	if err != nil || len(got) != 2 || got[0].name != "vet" || got[1].name != "gofmt" {
		t.Errorf("choose = %v, %v; want vet and gofmt", got, err)
	}
	if _, err := choose(steps, []string{"lint"}); err == nil ||
		!strings.Contains(err.Error(), "gofmt, vet, window, staticcheck") {
		t.Errorf("choose(lint) = %v, want the names of the steps", err)
	}
}

func TestGofmt(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "good.go", "package p\n")
	write(t, "node_modules/x/bad.go", "package  p\n")
	if out, err := gofmt(t.Context()); err != nil {
		t.Errorf("gofmt = %q, %v; want nothing to say", out, err)
	}
	write(t, "a/bad.go", "package  p\n")
	write(t, "a/broken.go", "package\n")
	out, err := gofmt(t.Context())
	if want := filepath.Join("a", "bad.go") + "\n" + filepath.Join("a", "broken.go"); err == nil || out != want {
		t.Errorf("gofmt = %q, %v; want %q", out, err, want)
	}
}

func TestAcceptBinary(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "go.mod", "module m\n\ngo 1.26\n")
	write(t, "main.go", "package main\n\nfunc main() {}\n")
	build := func(args ...string) {
		t.Helper()
		cmd := exec.Command("go", append([]string{"build", "-o", "m"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	build()
	if err := acceptBinary("m"); err != nil {
		t.Errorf("a static program is refused: %v", err)
	}
	if err := os.Truncate("m", maxBinary+1); err != nil {
		t.Fatal(err)
	}
	if err := acceptBinary("m"); err == nil || !strings.Contains(err.Error(), "it may have 30000000") {
		t.Errorf("a program of %d bytes: %v, want it refused", maxBinary+1, err)
	}
	build("-buildmode=pie")
	if err := acceptBinary("m"); err == nil || !strings.Contains(err.Error(), "not static") {
		t.Errorf("a program with a loader: %v, want it refused", err)
	}
	if err := acceptBinary("main.go"); err == nil {
		t.Error("a file that is no program was accepted")
	}
}
