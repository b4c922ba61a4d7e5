package cli_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/build/need"
)

// Three machines of a new cluster start before there is an Admin. One of them prints the setup
// link, and the others say where it is. It is still good when another machine has taken over, which
// prints no other one.
func TestTheSetupLinkIsPrintedOnce(t *testing.T) {
	need.Time(t)
	t.Parallel()
	a, b, c := newHost(t, "a"), newHost(t, "b"), newHost(t, "c")
	all := []*host{a, b, c}
	for _, h := range all {
		h.url = "http://localhost:8080"
	}
	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.serve()
	for _, h := range all[1:] {
		h.join(a, a.token())
	}
	a.become("a voter*", "b voter", "c voter")
	waitUntilEqual(t, a, 2)
	link := onlySetupLink(t, all)
	b.stop()
	b.serve()
	if first := b.lastReady(); !first.SetupAway || first.SetupLink != "" {
		t.Errorf("a machine that does not lead says %+v", first)
	}
	a.kill()
	leading(t, b, c)
	a.serve()
	old := leading(t, all...)
	old.stop()
	leader := leading(t, others(all, old)...)
	if again := onlySetupLink(t, all); again != link {
		t.Errorf("the link was %s, and is %s", link, again)
	}
	if page := newVisitor(leader).page(leader, strings.TrimPrefix(link, leader.url)); !strings.Contains(page, "setup") {
		t.Errorf("behind the link is %s", page)
	}
	leader.run("setup", "--email", "ada@example.com")
	old.serve()
	if first := old.lastReady(); first.SetupAway || first.SetupLink != "" {
		t.Errorf("once there is an Admin, a machine says %+v", first)
	}
}

// Two hours later there is still no Admin, and the machine that leads is lost with what it has printed.
// The one that takes over prints a new link, and the first one is void.
func TestANewSetupLinkIsPrintedByWhoTakesOver(t *testing.T) {
	need.Time(t)
	t.Parallel()
	a, b, c := newHost(t, "a"), newHost(t, "b"), newHost(t, "c")
	all := []*host{a, b, c}
	for _, h := range all {
		h.url = "http://localhost:8080"
	}
	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.serve()
	for _, h := range all[1:] {
		h.join(a, a.token())
	}
	a.become("a voter*", "b voter", "c voter")
	first := onlySetupLink(t, all)
	for _, h := range all {
		h.setClock(2 * time.Hour)
	}
	a.kill()
	leader := leading(t, b, c)
	leader.eventually("there is a new link", func() bool { return len(setupLinks(t, all)) == 2 })
	links := setupLinks(t, []*host{leader})
	if len(links) != 1 || links[0] == first {
		t.Fatalf("the machine that leads has printed %v", links)
	}
	for link, works := range map[string]bool{first: false, links[0]: true} {
		resp, err := newVisitor(leader).at(leader).Get(link)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if (resp.StatusCode == http.StatusOK) != works {
			t.Errorf("%s = %d", link, resp.StatusCode)
		}
	}
}

// onlySetupLink is the link that all machines have printed together.
func onlySetupLink(t *testing.T, all []*host) string {
	t.Helper()
	links := setupLinks(t, all)
	if len(links) != 1 {
		t.Fatalf("%d setup links were printed: %v", len(links), links)
	}
	return links[0]
}

// setupLinks are the links that all machines have printed.
func setupLinks(t *testing.T, all []*host) (links []string) {
	t.Helper()
	for _, h := range all {
		for d := json.NewDecoder(strings.NewReader(h.printed.String())); d.More(); {
			var said ready
			if err := d.Decode(&said); err != nil {
				t.Fatal(err)
			}
			if said.SetupLink != "" {
				links = append(links, said.SetupLink)
			}
		}
	}
	return links
}

// A ready is what a server prints when it runs.
type ready struct {
	SetupLink string `json:"setup_link"`
	SetupAway bool   `json:"setup_elsewhere"`
}

// lastReady is what the last server on this machine has printed last.
func (h *host) lastReady() (last ready) {
	h.t.Helper()
	for d := json.NewDecoder(strings.NewReader(h.printed.String())); d.More(); {
		last = ready{}
		if err := d.Decode(&last); err != nil {
			h.t.Fatal(err)
		}
	}
	return last
}
