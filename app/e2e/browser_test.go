package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"doorward/build/need"
)

// browse runs one spec file in Chromium and reports each of its tests as a
// subtest of t. The spec reads env and calls back through c. It fails when no
// test ran.
func browse(t *testing.T, spec string, c *control, env ...string) {
	t.Helper()
	needsBrowser(t)
	out := t.TempDir()
	report := filepath.Join(out, "report.json")

	ctx, cancel := untilTheEnd(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join("node_modules", ".bin", "playwright"), "test", spec)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it closes its browser
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "CI=1", "CHROMIUM="+chromium(), "CONTROL_URL="+c.url,
		"E2E_OUTPUT="+filepath.Join(out, "results"), "E2E_REPORT="+report)
	cmd.Env = append(cmd.Env, env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	runErr := cmd.Run()

	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("playwright left no report (%v):\n%s", runErr, &log)
	}
	outcomes, err := parseReport(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if len(outcomes) == 0 {
		t.Fatalf("no test ran in %s (%v):\n%s", spec, runErr, &log)
	}
	tell(t, outcomes)
	if runErr != nil && !t.Failed() {
		t.Errorf("playwright: %v\n%s", runErr, &log)
	}
}

// walkConsole runs a spec of the console on a Doorward that nobody has set up.
func walkConsole(t *testing.T, spec string) {
	t.Helper()
	t.Parallel()
	needsBrowser(t)
	alone(t)
	p := serving(t)
	browse(t, spec, controls(t, p), "BASE_URL="+p.URL, "SETUP_LINK="+p.Setup)
	if err := p.Stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}

// tell reports outcomes as subtests.
func tell(t *testing.T, outcomes []outcome) {
	t.Helper()
	for _, o := range outcomes {
		t.Run(o.name, func(t *testing.T) {
			defer t.Logf("took %s in the browser", o.took)
			switch {
			case o.skipped:
				t.Error("it was not run: the spec skips it, or one before it failed")
			case !o.passed:
				t.Error(o.message)
			}
		})
	}
}

// needsBrowser requires what a browser test needs: Chromium, Playwright, the console.
func needsBrowser(t *testing.T) {
	t.Helper()
	if chromium() == "" {
		need.Missing(t, "There is no Chromium: `make test` installs it, or set CHROMIUM to the browser's path.")
	}
	if _, err := os.Stat(filepath.Join("node_modules", ".bin", "playwright")); err != nil {
		need.Missing(t, "Playwright is not installed: `make test` installs it, or run `npm ci` in app/e2e.")
	}
	if _, err := os.Stat(filepath.Join("..", "..", "frontend", "dist", "index.html")); err != nil {
		need.Missing(t, "The console is not built, so the program has none: `make build` builds it.")
	}
	need.Time(t)
}

// chromium is the browser's path: $CHROMIUM, or the system's.
func chromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// untilTheEnd ends shortly before go test gives up, so that there is time to
// report. The walks have no deadline of their own.
func untilTheEnd(t *testing.T) (context.Context, context.CancelFunc) {
	if d, ok := t.Deadline(); ok {
		return context.WithDeadline(context.Background(), d.Add(-20*time.Second))
	}
	return context.WithCancel(context.Background())
}
