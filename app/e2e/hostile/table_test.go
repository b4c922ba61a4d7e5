package hostile

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

var update = flag.Bool("update", false, "write the table into docs/security.md")

const (
	document = "../../../docs/security.md"
	begins   = "<!-- the table begins: go test ./app/e2e/hostile -run TestTable -update -->\n"
	ends     = "<!-- the table ends -->\n"
)

func TestMain(m *testing.M) { os.Exit(product.Run(m)) }

// A row is one attack on one or more items of the checklist.
type row struct {
	items, attack, name string
	test                func(*testing.T)
	verdict             string // empty until it ran
}

var rows []*row

// inOrder sorts the rows as the document lists them.
func inOrder() []*row {
	slices.SortStableFunc(rows, func(a, b *row) int { return a.number() - b.number() })
	return rows
}

// item registers the test of items, such as "53" or "11, 29". It is called as package
// variables are initialised, so that the table is complete before any test runs.
func item(items, attack string, test func(*testing.T)) *row {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	r := &row{items: items, attack: attack, name: name[strings.LastIndexByte(name, '.')+1:], test: test}
	rows = append(rows, r)
	return r
}

// path is the row's name for go test -run: TestTable/rows/53_compressedBodies.
func (r *row) path() string { return strings.ReplaceAll(r.items, ", ", "+") + "_" + r.name }

// number is the row's first item, for the table's order.
func (r *row) number() int {
	first, _, _ := strings.Cut(r.items, ",")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 1000 // rows without a number come last
	}
	return n
}

// run runs the row in parallel with others and records the outcome.
func (r *row) run(t *testing.T, mu *sync.Mutex) {
	t.Parallel()
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		r.verdict = "holds"
		if t.Failed() {
			r.verdict = "**fails**"
		}
		switch {
		case t.Skipped() && need.All():
			r.verdict = "**was not run**"
			t.Errorf("make test never skips a row")
		case t.Skipped():
			r.verdict = ""
		}
	})
	r.test(t)
}

// The document lists every row, whether or not they are run. With -update a new
// row is listed as one that was not run; only TestTable gives verdicts.
func TestTableIsListed(t *testing.T) {
	if *update {
		known := verdicts()
		if err := writeTable(func(r *row) string { return cmp.Or(known[r.name], "**was not run**") }); err != nil {
			t.Fatal(err)
		}
	}
	if err := tableIsTrue(); err != nil {
		t.Error(err)
	}
}

// Every row is run, and the document says of each what the run found.
func TestTable(t *testing.T) {
	need.Time(t)
	var mu sync.Mutex
	t.Run("rows", func(t *testing.T) {
		for _, r := range inOrder() {
			t.Run(r.path(), func(t *testing.T) { r.run(t, &mu) })
		}
	})
	whole := !slices.ContainsFunc(rows, func(r *row) bool { return r.verdict == "" })
	if *update {
		if !whole {
			t.Fatal("only a run of all rows can write the table")
		}
		if err := writeTable(func(r *row) string { return r.verdict }); err != nil {
			t.Fatal(err)
		}
	}
	if err := tableIsTrue(); err != nil {
		t.Error(err)
	}
}

func table(verdict func(*row) string) string {
	var b strings.Builder
	b.WriteString("| item | attack | test | verdict |\n|---|---|---|---|\n")
	for _, r := range inOrder() {
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", r.items, strings.ReplaceAll(r.attack, "|", "\\|"), r.name,
			verdict(r))
	}
	return b.String()
}

// split is the document before, in and after the table.
func split() (before, inside, after string, err error) {
	text, err := os.ReadFile(document)
	if err != nil {
		return "", "", "", err
	}
	before, rest, there := strings.Cut(string(text), begins)
	inside, after, ended := strings.Cut(rest, ends)
	if !there || !ended {
		return "", "", "", fmt.Errorf("%s lacks the marks between which the table stands", document)
	}
	return before, inside, after, nil
}

// verdicts are those that the document has, by the row's name.
func verdicts() map[string]string {
	known := map[string]string{}
	_, inside, _, _ := split()
	for _, m := range regexp.MustCompile("(?m)\\| `(\\w+)` \\| (.*) \\|$").FindAllStringSubmatch(inside, -1) {
		known[m[1]] = m[2]
	}
	return known
}

func writeTable(verdict func(*row) string) error {
	before, _, after, err := split()
	if err != nil {
		return err
	}
	text := before + begins + table(verdict) + ends + after
	return os.WriteFile(document, []byte(text), 0o644)
}

// tableIsTrue compares the document's rows with the registered ones, and its verdicts
// with those of the rows that ran.
func tableIsTrue() error {
	_, inside, _, err := split()
	if err != nil {
		return err
	}
	said := strings.Split(strings.TrimSpace(inside), "\n")
	want := strings.Split(strings.TrimSpace(table(func(r *row) string { return r.verdict })), "\n")
	if len(said) != len(want) {
		return fmt.Errorf("the table has %d lines, and the suite %d: run go test ./app/e2e/hostile -run "+
			"TestTable -update",
			len(said), len(want))
	}
	for i, line := range want {
		head, known := strings.CutSuffix(line, " |  |") // did not run this time
		if said[i] != line && !(known && strings.HasPrefix(said[i], head)) {
			return fmt.Errorf("the table says\n%s\nand the suite\n%s", said[i], line)
		}
	}
	return nil
}
