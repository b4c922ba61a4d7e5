package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/build/need"
)

// A cluster is restored from the backup of a machine that did not lead: into a new directory, which
// begins a new cluster of one, and then two others join. Not into data that a cluster has, whether
// its server runs or not. Every machine then has what was backed up, and is sound.
func TestAClusterIsRestored(t *testing.T) {
	need.Time(t)
	t.Parallel()
	was := threeHosts(t)
	was[0].run("invite", "bob@example.com", "--role", "Fleet")
	c := was[2]
	c.eventually("it has what was acknowledged", func() bool { return upToDate(was[0]) == len(was) })
	file := filepath.Join(t.TempDir(), "backup")
	c.run("backup", file)
	was[0].run("invite", "late@example.com", "--role", "Fleet")
	c.refuses("A server is running", "restore", file, "--data", c.dir)
	for _, h := range was {
		h.kill()
	}
	c.refuses("not empty", "restore", file, "--data", c.dir)
	var all []*host
	for _, name := range []string{"x", "y", "z"} {
		h := newHost(t, name)
		h.url = was[0].url
		all = append(all, h)
	}
	x := all[0]
	x.run("restore", file, "--data", x.dir)
	x.refuses("not empty", "restore", file, "--data", x.dir)
	x.run("cluster", "init", "--cluster-listen", x.at, "--machine", x.name)
	x.refuses("not empty", "restore", file, "--data", x.dir)
	x.serve()
	for _, h := range all[1:] {
		h.join(x, x.token())
	}
	x.become("x voter*", "y voter", "z voter")
	x.kill()
	leading(t, all[1:]...)
	x.serve()
	leading(t, all...)
	for _, h := range all {
		out := h.run("members")
		if !strings.Contains(out, "bob@example.com") || strings.Contains(out, "late@example.com") {
			t.Errorf("%s has the members %s", h.name, out)
		}
		if out := h.run("verify"); !strings.Contains(out, "Everything is intact") {
			t.Errorf("on %s: %s", h.name, out)
		}
	}
}

// upToDate is how many machines have applied everything that any has, as one of them sees it.
func upToDate(at *host) (n int) {
	at.t.Helper()
	for _, l := range doctor(at) {
		if strings.Contains(l.Detail, " 0 changes behind") {
			n++
		}
	}
	return n
}

// restored is how many backups are restored, of all that were made, from the first to the last.
const restored = 8

// Backups are made on every machine while people are invited, a machine joins, which gets a copy of
// everything, and the one that leads is killed. Each is whole, and so can be restored and verified,
// or there is no file at all.
func TestBackupsAreWholeOrNone(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() {
			for ctx.Err() == nil {
				invites(ctx, all[1], token.Token, time.Now().Format("m150405.000000000@example.com"))
			}
		})
	}
	done := make(chan string, 1<<10) // the files that were made; empty: none
	for _, h := range all {
		working.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				file := filepath.Join(dir, h.name+time.Now().Format("-150405.000000000"))
				_, _, err := h.try("backup", file)
				if _, missing := os.Stat(file); (missing == nil) != (err == nil) {
					t.Errorf("backup on %s = %v, and the file: %v", h.name, err, missing)
				}
				if err != nil {
					file = ""
				}
				done <- file
			}
		})
	}
	made := []string{<-done, <-done}
	d := newHost(t, "d")
	d.url = all[0].url
	d.join(all[0], all[0].token())
	made = append(made, <-done, <-done)
	all[0].kill()
	leading(t, all[1:]...)
	made = append(made, <-done, <-done, <-done)
	stop()
	go func() { working.Wait(); close(done) }()
	for file := range done {
		made = append(made, file)
	}
	made = slices.DeleteFunc(made, func(file string) bool { return file == "" })
	if len(made) < 2 {
		t.Fatalf("only %d backups were made", len(made))
	}
	for i := range restored {
		file := made[i*(len(made)-1)/(restored-1)]
		x := newHost(t, "x")
		x.run("restore", file, "--data", x.dir)
		x.run("verify")
		x.run("audit", "verify")
	}
	t.Logf("of %d backups, %d can be restored", len(made), restored)
}
