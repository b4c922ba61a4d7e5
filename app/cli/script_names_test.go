package cli_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// testscript prefers a command of its own to one of ours with the same name, and
// "stop" is one: it ends the script as passed, and the lines after it do not run.
func TestScriptCommandsHaveNamesOfTheirOwn(t *testing.T) {
	params := testscript.Params{Cmds: map[string]func(*testscript.TestScript, bool, []string){}}
	var ran sync.Map
	dir := t.TempDir()
	for name := range scripts(t, "", false).Cmds {
		params.Cmds[name] = func(*testscript.TestScript, bool, []string) { ran.Store(name, true) }
		file := filepath.Join(dir, name+".txtar")
		if err := os.WriteFile(file, []byte(name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		params.Files = append(params.Files, file)
	}
	t.Run("each", func(t *testing.T) { testscript.Run(t, params) })
	for name := range params.Cmds {
		if _, ok := ran.Load(name); !ok {
			t.Errorf("%q does not run: testscript has a command with this name", name)
		}
	}
}
