package store

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// notPrefixes has the literals that look like a key's prefix but are not, by file.
var notPrefixes = map[string]string{
	"member.go":   "p a s i e w",                   // the states as they appear in a key, after the prefix
	"expiring.go": "r",                             // a value
	"due.go":      "m l b s z T g w S k t d o i e", // the kinds of what falls due
}

var looksLikePrefix = regexp.MustCompile(`^[A-Za-z]($|/)`)

// A prefix that somebody writes by hand is in no backup, no verification and no change
// topic, or in the wrong one.
func TestNoPrefixOutsideTheTable(t *testing.T) {
	names, err := filepath.Glob("*.go")
	must(t, err)
	files := token.NewFileSet()
	looked := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "keys.go" {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING && l.Kind != token.CHAR {
				return true
			}
			looked++
			text := strings.Trim(l.Value, "'")
			if l.Kind == token.STRING {
				text, err = strconv.Unquote(l.Value)
				must(t, err)
			}
			allowed := len(text) == 1 && strings.Contains(notPrefixes[name], text)
			if looksLikePrefix.MatchString(text) && !allowed {
				t.Errorf("%s: the prefix %s is written by hand; take it from keys.go", files.Position(l.Pos()), l.Value)
			}
			return true
		})
	}
	if looked < 100 {
		t.Errorf("only %d literals were found: this test looks in the wrong place", looked)
	}
}

func TestEveryKeyOfTheFixtureIsInTheTable(t *testing.T) {
	b := openSchema1(t)
	must(t, b.Each(t.Context(), func(key, value []byte) error {
		r := recordOf(key)
		if r == nil {
			t.Errorf("no row of the table has the key %q", key)
		} else if r.holds != nil {
			if err := decode(key, value, reflect.New(reflect.TypeOf(r.holds)).Interface()); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
		return nil
	}))
}

func TestRecords(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range records {
		at := fmt.Sprint(r.prefix, r.refLength)
		if seen[at] || seen["name "+r.name] || r.name == "" {
			t.Errorf("%q stands twice in the table, or has no name of its own", r.prefix)
		}
		seen[at], seen["name "+r.name] = true, true
		if r.indexOf != "" && kindOf(r.indexOf) == nil || r.recount && r.indexOf == "" {
			t.Errorf("%s: there are no records of which it is an index", r.name)
		}
		if r.indexOf != "" && kindOf(r.indexOf).leftOut && !r.leftOut {
			t.Errorf("%s: a backup has the index without its records", r.name)
		}
	}
	for _, r := range records {
		if r.version > maxVersion || r.version > 1 && (r.holds == nil || r.indexOf != "") {
			t.Errorf("%s: version %d is not one that can be written", r.name, r.version)
		}
	}
	for kind, d := range duesOf {
		if kindOf(d.prefix) == nil {
			t.Errorf("what falls due as %q is of no kind", kind)
		}
	}
	for kind := range recountedFrom {
		if err := newVerifier().derive(kind, kindOf(kind).prefix.key("x"), []byte("{}")); err != nil {
			t.Error(err)
		}
	}
	for _, trace := range access.Traces {
		if r := recordOf(traceKey(trace)); r.name != "traces of attacks" {
			t.Errorf("the key of %s is taken for one of %s", trace, r.name)
		}
	}
}

// A key's bytes must never change: here they are written out as they are on the disk.
func TestWhatAKeyMeans(t *testing.T) {
	const id = "abcdefghijklmnopqrstuvwxyz"
	at := time.UnixMicro(1_900_000_000_000_000).UTC()
	due := "x/" + up(at)
	tests := []struct {
		key      string
		change   Change // empty: no change is reported
		deleted  bool   // deletions are reported, too
		inBackup bool
	}{
		{"m/" + id, Change{Topic: MemberChanged, ID: id}, true, true},
		{"a/a@example.com", Change{}, false, true},
		{"t/*" + down(at) + id, Change{}, false, true},
		{"r/Fleet\x00" + down(at) + id, Change{}, false, true},
		{"w/word\x00" + id, Change{}, false, true},
		{"A/1ada\x00" + id, Change{}, false, true},
		{"A/8" + down(at) + id, Change{}, false, true},
		{"q/0" + up(at) + id, Change{Topic: LoginRequestChanged, ID: id}, true, true},
		{"q/0\xff" + up(at) + id, Change{Topic: LoginRequestChanged, ID: id}, true, true},
		{due + "m" + id, Change{Topic: DueChanged, At: at}, false, true},
		{due + "o" + id, Change{Topic: DueChanged, At: at}, false, true},
		{due + "w", Change{Topic: DueChanged, At: at}, false, true},
		{due + "l" + id, Change{Topic: DueChanged, At: at}, false, false},
		{due + "b" + id, Change{Topic: DueChanged, At: at}, false, false},
		{due + "s" + id, Change{Topic: DueChanged, At: at}, false, false},
		{due + "z" + id, Change{Topic: DueChanged, At: at}, false, false},
		{due + "e" + id, Change{Topic: DueChanged, At: at}, false, false},
		{"P/" + up(at) + "m" + id, Change{Topic: DueChanged, At: at}, false, true},
		{"P/" + up(at) + "s" + id, Change{Topic: DueChanged, At: at}, false, false},
		{"l/hash", Change{}, false, false},
		{"L/" + id + "hash", Change{}, false, false},
		{"b/hash", Change{}, false, false},
		{"B/" + up(at) + "hash", Change{Topic: SignInRequested}, false, false},
		{"N/bmac", Change{}, false, false},
		{"N/m" + id, Change{}, false, false},
		{"s/hash", Change{Topic: SessionChanged, ID: "hash"}, true, false},
		{"S/" + id + "hash", Change{}, false, false},
		{"z/hash", Change{}, false, false},
		{"o/" + id, Change{Topic: MessageChanged, ID: id}, true, true},
		{"O/" + id, Change{}, false, false},
		{"Q/1" + up(at) + id, Change{Topic: MessageDue}, false, true},
		{"d/" + up(at) + id, Change{Topic: MessageDue}, false, true},
		{"n/" + down(at) + id, Change{}, false, true},
		{"M/" + id + id, Change{}, false, true},
		{"E/o" + id, Change{}, false, false},
		{"E/O" + id, Change{}, false, false},
		{"E/d" + up(at) + id, Change{Topic: MessageDue}, false, false},
		{"E/s\x07", Change{}, false, false},
		{"k/" + id, Change{Topic: TokenChanged, ID: id}, true, true},
		{"K/hash", Change{}, false, true},
		{"T/" + id + id, Change{}, false, true},
		{"U/" + id, Change{Topic: OverviewChanged}, true, true},
		{"U/dead_link", Change{Topic: OverviewChanged}, true, true},
		{"g/Night Pilots", Change{}, false, true},
		{"u/" + number(^uint64(7)), Change{}, false, true},
		{"e/mac", Change{}, false, true},
		{"j/" + id, Change{}, false, true},
		{"i/hash", Change{}, false, true},
		{"Y/2030-05-01", Change{}, false, true},
		{"c", Change{Topic: OverviewChanged}, true, true},
		{"h", Change{Topic: AuditAdded}, true, true},
		{"v", Change{Topic: RolesChanged}, true, true},
		{"p", Change{Topic: SettingsChanged}, true, true},
		{"W", Change{}, false, false},
		{"G", Change{}, false, true},
		{"f", Change{}, false, true},
		{"y", Change{}, false, true},
		{"D", Change{}, false, true},
		{"T", Change{}, false, true},
		{"V", Change{Topic: MachinesChanged}, true, true},
		{"C", Change{}, false, false},
		{"C/m" + id, Change{Topic: MachinesChanged, ID: id}, true, false},
		{"C/thash", Change{}, false, false},
	}
	had := map[*record]bool{}
	for _, tt := range tests {
		r := recordOf([]byte(tt.key))
		if r == nil {
			t.Errorf("%q is of no kind", tt.key)
			continue
		}
		had[r] = true
		got, told := change(kv.Event{Key: []byte(tt.key)})
		if got != tt.change || told != (tt.change != Change{}) {
			t.Errorf("a change to %q is told as %+v, %v, want %+v", tt.key, got, told, tt.change)
		}
		if _, told := change(kv.Event{Key: []byte(tt.key), Deleted: true}); told != tt.deleted {
			t.Errorf("that %q is gone is told: %v, want %v", tt.key, told, tt.deleted)
		}
		if got := inBackup([]byte(tt.key)); got != tt.inBackup {
			t.Errorf("%q is in a backup: %v, want %v", tt.key, got, tt.inBackup)
		}
	}
	for i := range records {
		if !had[&records[i]] {
			t.Errorf("no row here is of %s", records[i].name)
		}
	}
	if recordOf([]byte("?/x")) != nil || recordOf(nil) != nil || recordOf([]byte("cc")) != nil {
		t.Error("a key of no kind is taken for one")
	}
}
