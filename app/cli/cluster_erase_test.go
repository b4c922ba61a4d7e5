package cli_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv/badger/badgertest"
	"doorward/build/need"
)

// forgotten is what is left in a machine's data directory of somebody, and where: their address
// in any spelling, the words by which they are found, and their name.
func forgotten(h *host, more ...string) string {
	h.t.Helper()
	words := more
	words = append(words, "zebedee@forgotten.example", "Zebedee@Forgotten.example", "ZEBEDEE@FORGOTTEN.EXAMPLE",
		"forgotten.example", "zebedee", "Quux", "quux")
	found, err := badgertest.Traces(h.dir, words)
	for errors.Is(err, fs.ErrNotExist) { // a file was just deleted
		found, err = badgertest.Traces(h.dir, words)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	left := ""
	for word, files := range found {
		if len(files) > 0 {
			left += fmt.Sprintf("%q in ", word) + strings.Join(files, " ") + "; "
		}
	}
	return left
}

var linkSecret = regexp.MustCompile(`[\w-]{20,}`)

// zebedee is invited, enters, and is rejected, by way of one machine. It returns the hash of the
// login link, in the forms that are stored.
func zebedee(h *host) (hash []string) {
	h.t.Helper()
	var invited struct{ Login_link string }
	h.reads(&invited, "invite", "Zebedee@Forgotten.example", "--role", "Fleet", "--name", "Zebedee Quux",
		"--print-link", "--json")
	opens(h, invited.Login_link)
	h.run("reject", "zebedee@forgotten.example", "--yes")
	sum := access.Secret(linkSecret.FindString(invited.Login_link)).Hash()
	text, err := sum.MarshalText()
	if err != nil {
		h.t.Fatal(err)
	}
	return []string{string(sum[:]), string(text)}
}

func holds(t *testing.T, all ...*host) {
	t.Helper()
	for _, h := range all {
		if forgotten(h) == "" {
			t.Fatalf("%s has nothing to erase", h.name)
		}
	}
}

func forgets(t *testing.T, all ...*host) {
	t.Helper()
	for _, h := range all {
		if left := forgotten(h); left != "" {
			t.Errorf("%s has %s", h.name, left)
		}
	}
}

// Somebody was rejected at noon. After one command, given on a machine that does not lead, nothing
// of them is in any file of any machine: neither in the stores nor in the logs. The machines go on
// from there, whoever leads.
func TestNobodyIsLeftOnAnyMachine(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	b, c := all[1], all[2]
	hash := zebedee(c)
	c.eventually("all copies have it", func() bool { return forgotten(b) != "" && forgotten(c) != "" })
	holds(t, all...)
	for _, form := range hash {
		if !strings.Contains(forgotten(c, form), fmt.Sprintf("%q", form)) {
			t.Fatalf("the link's hash is nowhere as %q", form)
		}
	}
	out := c.run("compact")
	if out != "a: compacted\nb: compacted\nc: compacted\n" {
		t.Errorf("compact prints %q", out)
	}
	for _, h := range all {
		if left := forgotten(h, hash...); left != "" {
			t.Errorf("%s has %s", h.name, left)
		}
		h.kill()
	}
	forgets(t, all...)
	for _, h := range all {
		h.serve()
	}
	leading(t, all...).run("invite", "bob@example.com", "--role", "Fleet")
	for _, h := range all {
		h.run("verify")
	}
}

// A machine is down when the others compact: nobody claims that it has. It holds what it had, and
// has nothing of it left once it was started and has caught up, by itself. So has one that was only
// down for the night.
func TestAMachineThatIsDownIsNotCompacted(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	a, b, c := all[0], all[1], all[2]
	zebedee(a)
	a.eventually("c has it", func() bool { return forgotten(c) != "" })
	c.kill()
	holds(t, all...)
	out, said, err := b.try("compact")
	if err == nil || !strings.Contains(said, "Deleted data may be left on c") ||
		!strings.Contains(out, "a: compacted\nb: compacted\nc: it cannot be reached\n") {
		t.Errorf("compact prints %q and says %q, %v", out, said, err)
	}
	forgets(t, a, b)
	holds(t, c)
	c.serve()
	c.eventually("nothing is left", func() bool { return forgotten(c) == "" })

	zebedee(a)
	a.eventually("all copies have it", func() bool { return forgotten(b) != "" && forgotten(c) != "" })
	b.kill()
	ago := time.Now().Add(-49 * time.Hour)
	if err := os.Chtimes(filepath.Join(b.dir, "store", "CURRENT"), ago, ago); err != nil {
		t.Fatal(err)
	}
	holds(t, b)
	b.serve()
	b.eventually("nothing is left", func() bool { return forgotten(b) == "" })
	holds(t, a) // whose night has not come
	b.run("verify")
}

// What a machine had before it joined again has everything, too.
func TestWhatWasPutAsideIsNotForgotten(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	a, c := all[0], all[2]
	zebedee(a)
	a.eventually("c has it", func() bool { return forgotten(c) != "" })
	c.stop()
	a.run("cluster", "remove", "c")
	c.run("cluster", "rejoin", "--join", a.at, "--token-file", a.token())
	c.serve()
	a.become("a voter*", "b voter", "c voter")
	aside := filepath.Join(c.dir, "doorward.cluster.before")
	out, said, err := a.try("compact")
	if err == nil || !strings.Contains(out, aside) || !strings.Contains(said, "Deleted data may be left on c") {
		t.Errorf("compact prints %q and says %q, %v", out, said, err)
	}
	holds(t, c)
	if err := os.RemoveAll(aside); err != nil {
		t.Fatal(err)
	}
	out, said, err = a.try("compact")
	if err != nil {
		t.Fatal(out, said, err)
	}
	forgets(t, all...)
}

// Without a majority nothing can be said of what was deleted.
func TestWithoutAMajorityNobodyCompacts(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	all[1].kill()
	all[2].kill()
	all[0].eventually("nobody leads", func() bool { _, _, err := all[0].try("members"); return err != nil })
	all[0].refuses("No machine is in charge of the cluster right now", "compact")
}
