package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// code runs a command and expects its exit code: code N COMMAND [ARG...]
func cmdCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("the exit code is %d, not %d", got, want)
	}
	cmdPlain(ts, false, nil)
	if said := ts.ReadFile("stderr"); want != 0 && strings.TrimSpace(said) == "" {
		ts.Fatalf("it failed without a word")
	}
}

// plain expects no panic trace and no Go error text on standard error.
func cmdPlain(ts *testscript.TestScript, _ bool, _ []string) {
	said := ts.ReadFile("stderr")
	for _, bad := range []string{"panic:", "goroutine ", ".go:", "%!", "<nil>"} {
		if strings.Contains(said, bad) {
			ts.Fatalf("standard error holds %q", bad)
		}
	}
}

// json expects that standard output is N JSON objects, a line each, and that
// each holds the fields: json N [FIELD...]
func cmdJSON(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var lines []string
	if out := ts.ReadFile("stdout"); out != "" {
		lines = strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	}
	if len(lines) != want {
		ts.Fatalf("%d lines, not %d", len(lines), want)
	}
	for _, line := range lines {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal([]byte(line), &object))
		for _, field := range args[1:] {
			if len(object[field]) == 0 {
				ts.Fatalf("there is no %q in %s", field, line)
			}
		}
	}
}

// keep sets NAME to what the pattern's group finds in standard output: keep NAME PATTERN
func cmdKeep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("%q finds nothing", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// mode expects permissions, of a file or of all below a directory: mode 0600 NAME...
func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(name), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil || info.IsDir() && info.Mode().Perm() == 0o700 {
				return err
			}
			if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
				return fmt.Errorf("%s has mode %s", path, got)
			}
			return nil
		}))
	}
}

// rows writes a CSV file with that many people: rows N FILE
func cmdRows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b bytes.Buffer
	b.WriteString("email,role\n")
	for i := range n {
		fmt.Fprintf(&b, "person%d@example.com,Fleet\n", i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// damage inverts the bits in the middle third of the largest matching file,
// trailing zeros excluded: damage PATTERN
func cmdDamage(ts *testscript.TestScript, _ bool, args []string) {
	name, size := "", int64(-1)
	all, _ := filepath.Glob(ts.MkAbs(args[0]))
	for _, file := range all {
		if info, err := os.Stat(file); err == nil && info.Size() > size {
			name, size = file, info.Size()
		}
	}
	if name == "" {
		ts.Fatalf("no file matches %s", args[0])
	}
	data, err := os.ReadFile(name)
	ts.Check(err)
	used := len(bytes.TrimRight(data, "\x00"))
	for i := used / 3; i < 2*used/3+1; i++ {
		data[i] ^= 0xff
	}
	ts.Check(os.WriteFile(name, data, 0o600))
}

// tamper changes an audit entry in a store that nobody has open, with checksums
// as valid as the store's own: tamper OLD NEW
func cmdTamper(ts *testscript.TestScript, _ bool, args []string) {
	b, err := badger.Open(badger.Options{Config: kv.Config{Dir: filepath.Join(ts.Getenv("DOORWARD_DATA"), "store")}})
	ts.Check(err)
	defer b.Close()
	changed := 0
	ts.Check(b.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
		changed = 0
		found, err := tx.Scan([]byte("u/"), []byte("u0"), 50)
		if err != nil {
			return err
		}
		for _, e := range found {
			if now := bytes.Replace(e.Value, []byte(args[0]), []byte(args[1]), 1); !bytes.Equal(now, e.Value) {
				changed++
				if err := tx.Set(e.Key, now); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	if changed == 0 {
		ts.Fatalf("no entry holds %s", args[0])
	}
}
