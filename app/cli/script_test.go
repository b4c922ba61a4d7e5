package cli_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
	"time"

	"doorward/app/cli"
	"doorward/app/machines"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
	"doorward/build/need"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets this test binary also be doorward, for the scripts.
func TestMain(m *testing.M) {
	program := cli.Program{
		Name:     "doorward",
		Frontend: os.DirFS(os.Getenv("FRONTEND")),
		Version:  "v1.2.3",
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.Getenv,
		Cluster:  machines.Cluster{},
		Now:      now,
	}
	testscript.Main(m, map[string]func(){
		"doorward": func() { os.Exit(program.Main(os.Args[1:])) },
		nextProgram: func() {
			store.Rehearse()
			program.Version = nextVersion
			os.Exit(program.Main(os.Args[1:]))
		},
	})
}

// testClock names a file that says how far ahead of the system's the clock of a process of these tests
// is; without it, it is not. The program that is released knows no such variable.
const testClock = "TEST_CLOCK"

func now() time.Time {
	text, _ := os.ReadFile(os.Getenv(testClock))
	ahead, _ := time.ParseDuration(string(text))
	return time.Now().Add(ahead)
}

// TestOnTheStore and TestOverTheSocket run the same scripts: a verb gives the
// same answers whether or not a server runs on the data directory.
func TestOnTheStore(t *testing.T) { runScripts(t, "testdata/both", false) }

func TestOverTheSocket(t *testing.T) {
	need.Time(t)
	runScripts(t, "testdata/both", true)
}

// A command of ours was called stop, as one of testscript's own, which ends the script and calls
// it passed: what stood below it in three scripts did not run.
func TestNoScriptEndsBeforeItsEnd(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts: %v", len(scripts), err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^(\[[^]]*\] *)?stop\b`).Match(text) {
			t.Errorf("%s has the command stop, which ends it", script)
		}
	}
}

// TestAlone runs the scripts that start a server themselves, or none.
func TestAlone(t *testing.T) {
	need.Time(t)
	runScripts(t, "testdata/alone", false)
}

func runScripts(t *testing.T, dir string, served bool) {
	need.Unhurried(t)
	testscript.Run(t, scripts(t, dir, served))
}

func scripts(t *testing.T, dir string, served bool) testscript.Params {
	frontend, err := filepath.Abs("../../frontend")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values["tb"] = env.T().(testing.TB)
			env.Values["served"] = served
			env.Values["servers"] = map[*server]bool{}
			env.Values["mail"] = new(*mailtest.Server)
			env.Values["kept"] = map[reflect.Type]any{}
			env.Setenv("FRONTEND", frontend)
			env.Setenv("DOORWARD_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "serve": cmdServe, "terminate": cmdTerminate, "kill9": cmdKill,
			"follow": cmdFollow, "followed": cmdFollowed,
			"smtp": cmdSMTP, "emails": cmdMessages,
			"code": cmdCode, "json": cmdJSON, "keep": cmdKeep,
			"mode": cmdMode, "rows": cmdRows, "damage": cmdDamage, "tamper": cmdTamper,
			"port": cmdPort, "plain": cmdPlain,
		},
	}
}
