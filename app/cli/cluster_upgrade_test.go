package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/build/need"
)

// The next version of this program knows one schema more (store.Rehearse).
const (
	nextProgram = "doorward-next"
	nextVersion = "v1.3.0"
)

const (
	raised    = "the schema of the store was raised"
	migrated  = "every record of the store has its schema"
	waitsFor  = "the schema of the store stays until"
	newerHere = "this version of Doorward knows"
)

// Three machines get the next version one after the other, the one that leads last, while people
// read and are invited at all of them. Until the last one has it the older version can come back
// anywhere; then the schema is raised, once, and the older version is refused.
func TestThreeMachinesAreUpgraded(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	l := &load{t: t, token: token.Token, visitor: enters(all[0], "eve@example.com", "Fleet"), acked: map[string]bool{}}
	end := l.begin(all)

	last := leading(t, all...)
	first := others(all, last)
	l.upgrade(first[0])
	l.replace(first[0], "") // and back
	l.upgrade(first[0])
	before := filepath.Join(t.TempDir(), "before") // of a machine that was upgraded, from before the raise
	l.stopped(first[1], func() {
		first[1].program = nextProgram
		if err := os.CopyFS(before, os.DirFS(withoutSockets(first[1]))); err != nil {
			t.Fatal(err)
		}
	})
	l.replace(last, "") // another one leads, which has the next version
	lead := leading(t, all...)
	if lead == last {
		t.Fatalf("%s leads again", last.name)
	}
	lead.eventually("it waits for "+last.name, func() bool {
		return strings.Contains(lineWith(lead.log(), waitsFor), "machines="+last.name)
	})
	l.stopped(last, func() { // it can come back with either version
		waitUntilEqual(t, lead, 1)
		last.program = nextProgram
	})
	lead.eventually("the schema is raised", func() bool { return strings.Contains(lead.log(), migrated) })
	end()

	for _, h := range all {
		if n := strings.Count(h.log(), raised); h == lead && n != 1 || h != lead && n != 0 {
			t.Errorf("on %s the schema was raised %d times", h.name, n)
		}
	}
	if n := strings.Count(lead.run("audit", "--json", "--limit", "100000"), `"raised_schema"`); n != 1 {
		t.Errorf("the audit log has %d raises of the schema", n)
	}
	t.Log(l)
	t.Log(lineWith(lead.log(), raised))
	l.isKept(all, lead)
	sameVersions(t, all, token.Token)
	isRefused(t, all, first[1], before)
}

// withoutSockets is a machine's directory, once it has no sockets, which cannot be copied.
func withoutSockets(h *host) string {
	sockets, err := filepath.Glob(filepath.Join(h.dir, "*.sock"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, s := range sockets {
		if err := os.Remove(s); err != nil {
			h.t.Fatal(err)
		}
	}
	return h.dir
}

// sameVersions checks what the command line and the console say of the versions.
func sameVersions(t *testing.T, all []*host, token string) {
	t.Helper()
	for _, h := range all {
		answers := map[string][]access.MachineState{"cluster list": h.machines()}
		var listed struct{ Items []access.MachineState }
		at := "http://" + h.web + "/api/v1/cluster/machines"
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = strings.TrimPrefix(h.url, "http://")
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&listed)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		answers["the API"] = listed.Items
		for face, machines := range answers {
			for _, m := range machines {
				if m.Version != nextVersion {
					t.Errorf("on %s %s says that %s runs %s", h.name, face, m.Name, m.Version)
				}
			}
			if len(machines) != len(all) {
				t.Errorf("on %s %s lists %d machines", h.name, face, len(machines))
			}
		}
	}
}

// isRefused starts the older version on a machine: on what that has, and on what it had before
// the schema was raised, which gets the raise from the others. Both end with a sentence, and the
// machine goes on with the next version.
func isRefused(t *testing.T, all []*host, h *host, before string) {
	t.Helper()
	h.stop()
	lead := leading(t, others(all, h)...)
	was := sizeOf(t, filepath.Join(h.dir, "store.log"))
	h.program = ""
	h.endsAsOlder()
	for _, verb := range [][]string{{"leave", "--alone"}, {"recover"}} {
		h.refuses("was written by a newer Doorward", append([]string{"cluster"}, verb...)...)
	}
	if now := sizeOf(t, filepath.Join(h.dir, "store.log")); now != was {
		t.Errorf("the log of %s has %d bytes, and had %d", h.name, now, was)
	}
	h.program = nextProgram
	h.serve()
	waitUntilEqual(t, lead, 2)
	h.run("verify")

	h.stop()
	h.program = ""
	if err := errors.Join(os.RemoveAll(h.dir), os.CopyFS(h.dir, os.DirFS(before))); err != nil {
		t.Fatal(err)
	}
	h.endsAsOlder()
	h.program = nextProgram
	h.serve()
	waitUntilEqual(t, lead, 2)
	h.run("verify")
	lead.run("members")
}

// endsAsOlder starts the server, which must end by itself with the sentence of one that is too old.
func (h *host) endsAsOlder() {
	h.t.Helper()
	cmd := h.command("doorward", "serve", "--listen", h.web)
	said := &buffer{}
	cmd.Stderr = said
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), newerHere) {
		h.t.Fatalf("the older version on %s: %v: %s", h.name, err, said)
	}
}

// sizeOf is the size of a log, without the empty file that is made ahead for what comes next.
func sizeOf(t *testing.T, dir string) (n int64) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == "next" {
			continue
		}
		n += info.Size()
	}
	return n
}

// A load has people read and be invited at each machine, all the time. Who finds that a machine
// does not run asks the next one, as a proxy does.
type load struct {
	t       *testing.T
	token   string
	visitor *visitor
	all     []*host

	mu       sync.Mutex
	acked    map[string]bool
	pages    int
	refused  map[string]int // changes, by the code of the refusal
	stops    map[*host]int
	lost     int // changes without an answer, as their machine stopped
	lastAck  time.Time
	gap      time.Duration // the longest without an acknowledged change
	replaced int
}

func (l *load) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d replacements: %d pages, none failed; %d changes acknowledged, refused %v, %d without an "+
		"answer; the longest gap without an acknowledged change was %v", l.replaced, l.pages, len(l.acked), l.refused,
		l.lost, l.gap.Round(time.Millisecond))
}

func (l *load) begin(all []*host) (end func()) {
	l.all, l.refused, l.stops, l.lastAck = all, map[string]int{}, map[*host]int{}, time.Now()
	ctx, cancel := context.WithCancel(l.t.Context())
	var calling sync.WaitGroup
	for i := range all {
		calling.Go(func() {
			for ctx.Err() == nil {
				l.read(i)
				<-time.After(time.Millisecond) // or the others would hardly have their turn
			}
		})
		calling.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				l.write(i, fmt.Sprintf("m%d-%d@example.com", i, n))
			}
		})
	}
	return func() { cancel(); calling.Wait() }
}

// errStopped is that a machine was told to stop while it was asked: it has closed the connection.
var errStopped = errors.New("the machine stopped")

// ask asks the first machine from i on that runs.
func (l *load) ask(i int, method, path, body string, head http.Header) (status int, answer map[string]any, err error) {
	for range 2 * len(l.all) {
		h := l.all[i%len(l.all)]
		r, err := http.NewRequest(method, "http://"+h.web+path, strings.NewReader(body))
		if err != nil {
			return 0, nil, err
		}
		r.Header, r.Host = head, strings.TrimPrefix(h.url, "http://")
		stops := l.stopsOf(h)
		resp, err := http.DefaultClient.Do(r)
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			i++
			continue
		}
		if err != nil {
			if l.stopsOf(h) == stops && stops%2 == 0 {
				return 0, nil, fmt.Errorf("at %s: %w", h.name, err)
			}
			if method != http.MethodGet {
				return 0, nil, errors.Join(errStopped, err)
			}
			i++
			continue
		}
		defer resp.Body.Close()
		err = json.NewDecoder(resp.Body).Decode(&answer)
		return resp.StatusCode, answer, err
	}
	return 0, nil, errors.New("no machine runs")
}

// stopsOf counts when a machine is told to stop, and when it runs again: it is odd in between.
func (l *load) stopsOf(h *host) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stops[h]
}

func (l *load) read(i int) {
	head := http.Header{"Cookie": {l.visitor.cookie()}}
	status, answer, err := l.ask(i, http.MethodGet, "/api/v1/me", "", head)
	if err != nil || status != http.StatusOK {
		l.t.Errorf("a page = %d %v, %v", status, answer, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages++
}

func (l *load) write(i int, email string) {
	head := http.Header{"Authorization": {"Bearer " + l.token}, "Content-Type": {"application/json"}}
	status, answer, err := l.ask(i, http.MethodPost, "/api/v1/invitations",
		fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, email), head)
	l.mu.Lock()
	defer l.mu.Unlock()
	code, _ := answer["code"].(string)
	switch {
	case err == nil && status == http.StatusCreated:
		l.acked[email] = true
		l.gap, l.lastAck = max(l.gap, time.Since(l.lastAck)), time.Now()
	case err == nil && status == http.StatusServiceUnavailable && code != "":
		l.refused[code]++
	case errors.Is(err, errStopped): // it was not read, or would have been answered
		l.lost++
	default:
		l.t.Errorf("an invitation = %d %v, %v", status, answer, err)
	}
}

func (l *load) upgrade(h *host) { l.replace(h, nextProgram) }

// replace stops a machine and starts it with another program.
func (l *load) replace(h *host, program string) {
	l.t.Helper()
	l.stopped(h, func() { h.program = program })
}

// stopped stops a machine for as long as do takes. Until it has caught up again, nothing else
// happens to the cluster.
func (l *load) stopped(h *host, do func()) {
	l.t.Helper()
	count := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.stops[h]++
	}
	count()
	h.stop()
	leading(l.t, others(l.all, h)...)
	do()
	h.serve()
	count()
	waitUntilEqual(l.t, leading(l.t, l.all...), 2)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replaced++
}

// isKept checks that every copy is sound and all are equal, and that nothing acknowledged is
// missing.
func (l *load) isKept(all []*host, lead *host) {
	l.t.Helper()
	lead.eventually("all copies are sound and equal", func() bool {
		copies := map[string]bool{}
		for _, h := range all {
			out := h.run("verify")
			if !strings.Contains(out, "Everything is intact") {
				l.t.Fatalf("on %s: %s", h.name, out)
			}
			copies[out] = true
		}
		return len(copies) == 1
	})
	have := l.members()
	for email := range l.acked {
		if !slices.Contains(have, email) {
			l.t.Errorf("%s was acknowledged, and is not there", email)
		}
	}
}

func (l *load) members() (all []string) {
	l.t.Helper()
	for cursor := ""; ; {
		status, answer, err := l.ask(0, http.MethodGet, "/api/v1/members?limit=200&cursor="+url.QueryEscape(cursor), "",
			http.Header{"Authorization": {"Bearer " + l.token}})
		if err != nil || status != http.StatusOK {
			l.t.Fatalf("the members = %d %v, %v", status, answer, err)
		}
		for _, m := range answer["items"].([]any) {
			all = append(all, m.(map[string]any)["email"].(string))
		}
		if cursor, _ = answer["next"].(string); cursor == "" {
			return all
		}
	}
}
