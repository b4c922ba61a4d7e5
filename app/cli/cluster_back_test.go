package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/app"
	"doorward/build/need"
)

// A server's data becomes a cluster's, and that of two machines a server's again. Nothing is copied
// on the way. The audit log goes on where it was: no entry of before is another one, and each step
// has an entry.
func TestIntoAClusterAndBack(t *testing.T) {
	need.Time(t)
	t.Parallel()
	a, b, c := newHost(t, "a"), newHost(t, "b"), newHost(t, "c")
	a.run("setup", "--email", "ada@example.com")
	a.run("invite", "bob@example.com", "carol@example.com", "--role", "Fleet")
	alone, found, kept := a.chain(), a.run("verify"), a.storeFiles()

	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.run("cluster", "leave", "--alone")
	was := a.goesOn(alone, "created_cluster", "dissolved_cluster")
	if now := a.run("verify"); countsOf(now) != countsOf(found) {
		t.Errorf("after there and back: %s, before %s", now, found)
	}
	a.sameFiles(kept)

	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.serve()
	b.join(a, a.token())
	c.join(a, a.token())
	a.become("a voter*", "b voter", "c voter")
	b.run("invite", "dave@example.com", "--role", "Fleet")
	c.run("approve", "bob@example.com")
	c.run("reject", "carol@example.com", "--yes")
	was = a.goesOn(was, "created_cluster", "created_join_token", "joined_machine", "invited", "approved", "rejected")
	together := a.run("verify")
	for _, h := range []*host{b, c} {
		h.eventually("it has what was acknowledged", func() bool { return h.run("verify") == together })
	}
	a.sameFiles(kept)
	for _, h := range []*host{a, c, b} {
		h.stop()
	}
	for _, h := range []*host{a, c} {
		h.run("cluster", "leave", "--alone")
		now := h.goesOn(was, "dissolved_cluster")
		h.goesOn(alone)
		if n := len(now) - len(was); n != 1 {
			t.Errorf("on %s %d entries were added", h.name, n)
		}
		if found := h.run("verify"); countsOf(found) != countsOf(together) {
			t.Errorf("on %s: %s, in the cluster %s", h.name, found, together)
		}
		for _, gone := range []string{app.ClusterDir, "store.log"} {
			if _, err := os.Lstat(filepath.Join(h.dir, gone)); err == nil {
				t.Errorf("%s still has %s", h.name, gone)
			}
		}
		h.run("invite", "erin@example.com", "--role", "Fleet")
		h.run("audit", "verify")
	}
	a.sameFiles(kept)
}

// An auditEntry is what chains one.
type auditEntry struct {
	Seq    int
	Action string
	Hash   string
}

// chain is the whole audit log, whose hashes are checked.
func (h *host) chain() (all []auditEntry) {
	h.t.Helper()
	h.run("audit", "verify")
	for d := json.NewDecoder(strings.NewReader(h.run("audit", "--json", "--limit", "1000"))); d.More(); {
		var e auditEntry
		if err := d.Decode(&e); err != nil {
			h.t.Fatal(err)
		}
		if e.Seq != len(all)+1 || e.Hash == "" {
			h.t.Fatalf("on %s entry %d is %+v", h.name, len(all)+1, e)
		}
		all = append(all, e)
	}
	return all
}

// goesOn returns the audit log, which must begin with these entries, and have these actions after
// them.
func (h *host) goesOn(was []auditEntry, actions ...string) (now []auditEntry) {
	h.t.Helper()
	now = h.chain()
	if len(now) < len(was) || !slices.Equal(now[:len(was)], was) {
		h.t.Fatalf("on %s the log has %+v, and began with %+v", h.name, now, was)
	}
	for _, action := range actions {
		if !slices.ContainsFunc(now[len(was):], func(e auditEntry) bool { return e.Action == action }) {
			h.t.Errorf("on %s nothing was %s: %+v", h.name, action, now[len(was):])
		}
	}
	return now
}

// countsOf is what verify has found, without what the steps themselves add.
func countsOf(verified string) string {
	_, members, _ := strings.Cut(verified, "including ")
	members, _, _ = strings.Cut(members, " and ")
	return members
}

// storeFiles are the directories in which the engine keeps its tables.
func (h *host) storeFiles() map[string]os.FileInfo {
	h.t.Helper()
	all := map[string]os.FileInfo{}
	found, err := filepath.Glob(filepath.Join(h.dir, "store", "*"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, path := range found {
		info, err := os.Stat(path)
		if err != nil {
			h.t.Fatal(err)
		}
		if info.IsDir() {
			all[path] = info
		}
	}
	if len(all) == 0 {
		h.t.Fatalf("the store has %v", found)
	}
	return all
}

func (h *host) sameFiles(was map[string]os.FileInfo) {
	h.t.Helper()
	now := h.storeFiles()
	for path, info := range was {
		if now[path] == nil || !os.SameFile(info, now[path]) {
			h.t.Errorf("%s was copied", path)
		}
	}
}
