package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "doorward"

// rooms lists, for every package, the packages of this module that its code may
// import; a name covers itself and everything below it, with = before it itself
// only. Tests may import more.
var rooms = map[string][]string{
	"":                {"app"},
	"app":             {"app", "backend"},
	"app/bench":       {"app", "backend"},
	"app/bench/bare":  {},
	"app/cli":         {"app", "backend"},
	"app/e2e":         {},
	"app/e2e/hostile": {},
	"app/e2e/product": {"backend/mail/mailtest", "backend/store/kv/badger/badgertest", "build/need"},
	"app/config":      {"backend/access", "backend/address", "backend/private", "backend/text"},
	"app/machines": {"=app", "backend/cluster", "=backend/store", "=backend/store/kv",
		"=backend/store/kv/badger", "=backend/store/replica", "backend/private", "backend/access"},
	"app/packed":      {},
	"app/desktop":     {"=app", "app/config", "backend/access", "backend/messages", "backend/text"},
	"backend/access":  {},
	"backend/address": {"backend/access", "backend/text"},
	"backend/cluster": {"backend/private", "backend/access", "backend/text"},
	"backend/gate":    {"backend/policy", "=backend/store", "backend/access"},
	"backend/service": {"backend/gate", "backend/policy", "backend/email", "backend/store", "backend/access",
		"backend/address", "backend/picture", "backend/text"},
	"backend/jobs":          {"=backend/service", "=backend/store", "backend/access"},
	"backend/email":         {"backend/messages", "backend/access", "backend/text"},
	"backend/mail":          {"backend/mail/smtp", "backend/store", "backend/email", "backend/access"},
	"backend/mail/mailtest": {},
	"backend/mail/smtp":     {"backend/access", "backend/text"},
	"backend/messages":      {"backend/access"},
	"backend/picture":       {"backend/access"},
	"backend/policy":        {"backend/access"},
	"backend/private":       {"backend/access"},
	"backend/store": {"=backend/store/kv", "backend/cluster", "backend/private", "backend/access",
		"backend/text"},
	"backend/store/storetest": {"=backend/store", "=backend/store/kv", "backend/access"},
	"backend/store/kv":        {},
	"backend/store/kv/kvtest": {"=backend/store/kv"},
	"backend/store/kv/faulty": {"=backend/store/kv", "backend/store/kv/kvtest"},

	"backend/store/kv/enginetest":        {"backend/store/kv", "=backend/store/replica"},
	"backend/store/kv/badger":            {"=backend/store/kv", "backend/store/kv/badger", "backend/private"},
	"backend/store/kv/badger/badgertest": {},
	"backend/store/kv/badger/fsck":       {"=backend/store/kv", "backend/private"},
	"backend/store/replica":              {"=backend/store/kv", "=backend/store/kv/badger", "backend/private"},
	"backend/web": {"backend/web/wire", "backend/service", "backend/gate", "backend/access",
		"backend/address", "backend/messages", "backend/text"},
	"backend/web/api": {"=backend/web", "backend/service", "backend/gate", "backend/access", "backend/address",
		"backend/text"},
	"backend/web/events": {"=backend/web", "backend/web/wire", "backend/service", "backend/gate", "backend/access"},
	"backend/text":       {},
	"backend/web/portal": {"=backend/web", "backend/service", "backend/gate", "backend/access", "backend/address",
		"backend/messages", "backend/text"},
	"backend/web/webtest": {"backend/web", "backend/service", "backend/email", "backend/messages", "backend/store",
		"backend/access", "backend/address"},
	"backend/web/wire": {"backend/access"},
	"build/check":      {"build/need"},
	"build/need":       {},
	"build/pack":       {"app/packed", "backend/messages"},
	"build/sentences":  {},
}

// homes lists where each dependency may be imported, also by tests. One that is
// not listed may be imported nowhere.
var homes = map[string][]string{
	"github.com/BurntSushi/toml":       {"app/config"},
	"github.com/casbin/casbin":         {"backend/policy"},
	"github.com/danielgtaylor/huma":    {"backend/web/api"},
	"github.com/dgraph-io/badger":      {"backend/store/kv/badger", "app/bench"},
	"github.com/dgraph-io/ristretto":   {"backend/store/kv/badger"},
	"github.com/emersion/go-sasl":      {"backend/mail/mailtest"},
	"github.com/emersion/go-smtp":      {"backend/mail/mailtest", "app/bench"},
	"github.com/gofiber/fiber":         {"backend/web", "app/bench"},
	"fyne.io/systray":                  {"app/desktop/tray_linux.go"},
	"github.com/godbus/dbus":           {"app/desktop", "app/e2e"},
	"github.com/go-playground/locales": {"backend/messages"},
	"github.com/hashicorp/go-hclog":    {"backend/store/replica"},
	"github.com/hashicorp/raft":        {"backend/store/replica"},
	"github.com/hashicorp/raft-wal":    {"backend/store/replica"},
	"github.com/klauspost/compress":    {"backend/store", "backend/store/kv/badger"},
	"github.com/molecule-man/go-brrr":  {"app/packed", "backend/messages"},
	"github.com/nicksnyder/go-i18n":    {"backend/messages"},
	"github.com/rogpeppe/go-internal":  {"app/cli"},
	"github.com/spf13/cobra":           {"app/cli"},
	"github.com/spf13/pflag":           {"app/cli"},
	"github.com/valyala/fasthttp":      {"backend/web", "app/bench"},
	// the second is a separate program, the bare window that ours is compared
	// with
	"github.com/wailsapp/wails": {"app/desktop/window.go", "app/desktop/window_close.go",
		"app/bench/bare/bare.go"},
	"github.com/xhit/go-simple-mail": {"backend/mail/smtp"},
	"github.com/zalando/go-keyring":  {"app/desktop"},
	"golang.org/x/image":             {"backend/picture"},
	"golang.org/x/net/idna":          {"backend/address"},
	"golang.org/x/sys":               {"app", "backend/store/kv/badger"},
	"golang.org/x/text":              {"backend/address", "backend/messages", "backend/text"},
	"google.golang.org/protobuf":     {"backend/store/kv/badger"},
	"pgregory.net/rapid":             {"backend/service"},

	"github.com/KimMachineGun/automemlimit": {"app"},
	"github.com/anishathalye/porcupine":     {"app/e2e"},
}

// A listed is one package as go list prints it.
type listed struct {
	ImportPath, Dir, Doc                               string
	Imports, TestImports, XTestImports, IgnoredGoFiles []string
	Deps                                               []string
}

func TestImportRules(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) == 0 {
		t.Fatal("go list found no package")
	}
	for _, fault := range faults(pkgs) {
		t.Error(fault)
	}
}

func TestFaultsAreFound(t *testing.T) {
	tests := []struct {
		name string
		pkg  listed
		want string // part of the only fault; empty: there is none
	}{
		{"a good one", listed{
			ImportPath: "doorward/backend/service",
			Doc:        "x",
			Imports:    []string{"time", "doorward/backend/store"},
		}, ""},
		{"outwards", listed{
			ImportPath: "doorward/backend/store",
			Doc:        "x",
			Imports:    []string{"doorward/backend/service"},
		}, "may not import doorward/backend/service"},
		{"a store that names its engine", listed{
			ImportPath: "doorward/backend/store",
			Doc:        "x",
			Imports:    []string{"doorward/backend/store/kv/badger"},
		}, "may not import doorward/backend/store/kv/badger"},
		{"a contract with an engine", listed{
			ImportPath: "doorward/backend/store/kv",
			Doc:        "x",
			Imports:    []string{"doorward/backend/store/kv/badger"},
		}, "may not import doorward/backend/store/kv/badger"},
		{"a contract with words for people", listed{
			ImportPath: "doorward/backend/store/kv",
			Doc:        "x",
			Imports:    []string{"doorward/backend/access"},
		}, "may not import doorward/backend/access"},
		{"a server that knows its rooms", listed{
			ImportPath: "doorward/backend/web",
			Doc:        "x",
			Imports:    []string{"doorward/backend/web/events"},
		}, "may not import doorward/backend/web/events"},
		{"a room that knows another", listed{
			ImportPath: "doorward/backend/web/portal",
			Doc:        "x",
			Imports:    []string{"doorward/backend/web/events"},
		}, "may not import doorward/backend/web/events"},
		{"a server that takes over its API", listed{
			ImportPath: "doorward/backend/web",
			Doc:        "x",
			Imports:    []string{"github.com/danielgtaylor/huma/v2"},
		}, "has its home in backend/web/api"},
		{"membership that knows how the store is kept", listed{
			ImportPath: "doorward/backend/cluster",
			Doc:        "x",
			Imports:    []string{"doorward/backend/store/replica"},
		}, "may not import doorward/backend/store/replica"},
		{"the same of raft itself", listed{
			ImportPath: "doorward/backend/cluster",
			Doc:        "x",
			Imports:    []string{"github.com/hashicorp/raft"},
		}, "has its home in backend/store/replica"},
		{"past the seam", listed{
			ImportPath: "doorward/backend/web",
			Doc:        "x",
			Imports:    []string{"doorward/backend/store/kv"},
		}, "may not import doorward/backend/store/kv"},
		{"a name that only begins alike", listed{
			ImportPath: "doorward/backend/policy",
			Doc:        "x",
			Imports:    []string{"doorward/backend/accessory"},
		}, "may not import doorward/backend/accessory"},
		{"access beyond the standard library", listed{
			ImportPath: "doorward/backend/access",
			Doc:        "x",
			Imports:    []string{"golang.org/x/text/cases"},
		}, "golang.org/x/text/cases, which has its home in backend/address"},
		{"text beyond the standard library", listed{
			ImportPath: "doorward/backend/text",
			Doc:        "x",
			Imports:    []string{"doorward/backend/access"},
		}, "may not import doorward/backend/access"},
		{"a dependency away from home", listed{
			ImportPath: "doorward/backend/web",
			Doc:        "x",
			Imports:    []string{"github.com/dgraph-io/badger/v4"},
		}, "has its home in backend/store/kv/badger"},
		{"the same in a test", listed{
			ImportPath:   "doorward/backend/web",
			Doc:          "x",
			XTestImports: []string{"github.com/casbin/casbin/v2"},
		}, "has its home in backend/policy"},
		{"the mail library above the session", listed{
			ImportPath: "doorward/backend/mail",
			Doc:        "x",
			Imports:    []string{"github.com/xhit/go-simple-mail/v2"},
		}, "has its home in backend/mail/smtp"},
		{"a dependency at home", listed{
			ImportPath: "doorward/backend/web",
			Doc:        "x",
			Imports:    []string{"github.com/gofiber/fiber/v2"},
		}, ""},
		{"a dependency without a home", listed{
			ImportPath: "doorward/app",
			Doc:        "x",
			Imports:    []string{"example.com/left-pad"},
		}, "example.com/left-pad, which has no home"},
		{"the window outside its file", listed{
			ImportPath: "doorward/app/desktop",
			Doc:        "x",
			Imports:    []string{"github.com/wailsapp/wails/v2"},
		}, "has its home in app/desktop/window.go"},
		{"a room nobody knows", listed{ImportPath: "doorward/backend/util", Doc: "x"}, "has no place in the house"},
		{"no package comment", listed{ImportPath: "doorward/backend/mail"}, "has no package comment"},
		{"a test helper that the program drags in", listed{
			ImportPath: "doorward",
			Doc:        "x",
			Deps:       []string{"doorward/backend/mail/mailtest"},
		}, "the program contains doorward/backend/mail/mailtest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := faults([]listed{tt.pkg})
			if tt.want == "" && len(got) != 0 {
				t.Errorf("faults = %q, want none", got)
			}
			if tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("faults = %q, want one with %q", got, tt.want)
			}
		})
	}
}

// A file that this build excludes breaks the rules: it must be found all the
// same.
func TestFaultsInIgnoredFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"window.go", "shell.go"} {
		src := "//go:build never\n\npackage desktop\n\nimport _ \"github.com/wailsapp/wails/v2\"\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := listed{
		ImportPath:     "doorward/app/desktop",
		Dir:            dir,
		Doc:            "x",
		IgnoredGoFiles: []string{"window.go", "shell.go"},
	}
	got := faults([]listed{p})
	if len(got) != 1 || !strings.Contains(got[0], "app/desktop/shell.go imports") {
		t.Errorf("faults = %q, want only that of shell.go", got)
	}
}

func faults(pkgs []listed) (found []string) {
	for _, p := range pkgs {
		place := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := rooms[place]
		if !known {
			found = append(found,
				fmt.Sprintf("%s has no place in the house: say in app/house_test.go what it may import", p.ImportPath))
			continue
		}
		if p.Doc == "" {
			found = append(found, fmt.Sprintf("%s has no package comment", p.ImportPath))
		}
		for _, imp := range p.Imports {
			if inside, ok := within(imp); ok && !permits(allowed, inside) {
				found = append(found, fmt.Sprintf("%s may not import %s", p.ImportPath, imp))
			}
		}
		for _, dep := range p.Deps {
			if inside, ok := within(dep); place == "" && ok && strings.HasSuffix(inside, "test") {
				found = append(found, "the program contains "+dep+", which is for tests")
			}
		}
		found = append(found, homeless(place, slices.Concat(p.Imports, p.TestImports, p.XTestImports))...)
		for _, file := range p.IgnoredGoFiles {
			found = append(found, homeless(place+"/"+file, importsOf(filepath.Join(p.Dir, file)))...)
		}
	}
	return found
}

// homeless returns the external imports that do not belong to place, which is a
// package or a single file.
func homeless(place string, imports []string) (found []string) {
	slices.Sort(imports)
	for _, imp := range slices.Compact(imports) {
		first, _, _ := strings.Cut(imp, "/")
		if _, ours := within(imp); ours || !strings.Contains(first, ".") {
			continue
		}
		i := slices.IndexFunc(known, func(dep string) bool { return covers([]string{dep}, imp) })
		switch {
		case i < 0:
			found = append(found, fmt.Sprintf("%s imports %s, which has no home", place, imp))
		case !covers(homes[known[i]], place):
			found = append(found,
				fmt.Sprintf("%s imports %s, which has its home in %s", place, imp, homes[known[i]][0]))
		}
	}
	return found
}

var known = func() (deps []string) {
	for dep := range homes {
		deps = append(deps, dep)
	}
	return deps
}()

func within(imp string) (place string, ok bool) {
	if imp == module {
		return "", true
	}
	return strings.CutPrefix(imp, module+"/")
}

// permits reports whether a room may import path.
func permits(allowed []string, path string) bool {
	return slices.Contains(allowed, "="+path) || covers(allowed, path)
}

// covers reports whether path is one of places or below one.
func covers(places []string, path string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}

func importsOf(file string) (imports []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return []string{"unreadable.invalid/" + filepath.Base(file)}
	}
	for _, spec := range f.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			imports = append(imports, path)
		}
	}
	return imports
}

func list(t *testing.T) (pkgs []listed) {
	t.Helper()
	cmd := exec.Command("go", "list", "-e",
		"-json=ImportPath,Dir,Doc,Imports,TestImports,XTestImports,IgnoredGoFiles,Deps", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return pkgs
		case err != nil:
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
