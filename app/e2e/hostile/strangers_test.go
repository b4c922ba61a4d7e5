package hostile

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// five are addresses in each state. The sign-in form must not tell them apart.
var five = []string{
	"unknown@example.com", "pending@example.com", "rejected@example.com", "suspended@example.com", "active@example.com",
}

// people makes them.
func (h *target) people() {
	h.t.Helper()
	h.member("active@example.com")
	_, id := h.member("suspended@example.com")
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	h.arrived("pending@example.com")
	id, _ = h.invite("rejected@example.com")
	h.admin.api("POST", "/members/"+id+"/reject", nil).want(200, 204)
}

// masked is an answer without the addresses and the parts that always differ.
func masked(a answer) string {
	values := regexp.MustCompile(`value="[^"]*"|[a-z]+@example\.com`)
	return fmt.Sprintln(a.code) + headers(a.header) + values.ReplaceAllString(a.body, "…")
}

var _ = item(
	"20",
	"the sign-in form is asked about unknown, pending, rejected, suspended and active addresses",
	formTellsNothing,
)

// A list of addresses is put through the sign-in form to learn who is a member,
// who was rejected, and whom to phish. Status, headers, cookies and body are
// the same for all.
func formTellsNothing(t *testing.T) {
	h := openWithAdmin(t)
	h.people()
	first := ""
	for _, email := range five {
		got := masked(h.browser().ask(email).want(200))
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%s is answered otherwise:\n%s\n%s", email, got, first)
		}
	}
}

var _ = item(
	"21",
	"what happens after the form reveals who is known (times: the figure `enumeration` of the benchmarks)",
	nextRequestTellsNothing,
)

// The form itself may answer alike, and the next request still tell: a wrong code, a
// dead link, the sign-in page, requested by a stranger right after. The answers are
// equal for every address; how long they take is measured by
// go run ./app/bench -only enumeration, with 2,000 requests of each kind.
func nextRequestTellsNothing(t *testing.T) {
	h := openWithAdmin(t)
	h.people()
	first := ""
	for _, email := range five {
		b := h.browser()
		b.ask(email).want(200)
		got := masked(b.press("/login", "/login/code", "email", email, "code", "0000-0000").want(422))
		got += masked(b.get("/login").want(200))
		got += masked(h.browser().get("/login/" + strings.Repeat("A", 43)).want(410))
		got += masked(b.ask(email).want(200))
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("after %s:\n%s\n%s", email, got, first)
		}
	}
}

var _ = item("23", "someone who may not invite asks whether an address is taken", existence)

// "Already a member" is for those who may invite. To everybody else the same
// question is refused before anything is looked up, whether there is such a
// member or not.
func existence(t *testing.T) {
	h := openWithAdmin(t)
	fleet, _ := h.member("fleet@example.com")
	pending, _ := h.arrived("pending@example.com")
	for _, email := range []string{"fleet@example.com", "nobody@example.com"} {
		body := map[string]any{"email": email, "roles": []string{"Fleet"}}
		for _, path := range []string{"/invitations", "/invitations/check"} {
			h.browser().api("POST", path, body).want(401)
			fleet.api("POST", path, body).want(403)
			pending.api("POST", path, body).want(403)
		}
		fleet.api("GET", "/members?q="+email, nil).want(403).lacks("total")
	}
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "fleet@example.com",
		"roles": []string{"Fleet"},
	}).want(409).has("already_member")
}

var _ = item("24", "identifiers are enumerated, and other people's told from missing ones", foreignIDs)

// An id from a log line or a colleague's screen is changed a little, or requested by
// somebody who may not see it. Ids are random, and what does not exist is answered
// like what one may not see.
func foreignIDs(t *testing.T) {
	h := openWithAdmin(t)
	fleet, id := h.member("fleet@example.com")
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(id) {
		t.Errorf("the id %q is not 128 random bits", id)
	}
	missing := strings.Repeat("b", 26)
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	for _, of := range []string{"/members/", "/outbox/", "/tokens/"} {
		method := "GET"
		if of == "/tokens/" {
			method = "DELETE"
		}
		a, b := fleet.api(method, of+me, nil), fleet.api(method, of+missing, nil)
		if a.code != b.code || a.body != b.body || a.code < 400 {
			t.Errorf("%s: there %d %s, missing %d %s", of, a.code, a.body, b.code, b.body)
		}
		h.admin.api(method, of+missing, nil).want(404)
		h.admin.api(method, of+"short", nil).want(404)
		h.admin.api(method, of+"%2e%2e%2fadmin", nil).want(404)
	}
}
