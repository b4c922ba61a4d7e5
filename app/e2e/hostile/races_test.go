package hostile

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

var _ = item("58", "16 Admins approve and reject one request at the same moment", oneDecision)

// Two Admins decide at once, and somebody is approved, told so, and deleted. However
// many decide at once, one decision stands, with one audit entry and one email, and
// everybody else learns who decided.
func oneDecision(t *testing.T) {
	h := openWithAdmin(t)
	token := h.token("Admin")
	for round := range 20 {
		email, _ := h.fresh()
		id := h.idOf(email)
		before := h.did("approved") + h.did("rejected")
		var approved, rejected atomic.Int32
		at(16, func(i int) {
			b := h.browser(bearer(token))
			if i%2 == 0 {
				if b.api("POST", "/members/"+id+"/approve", nil).want(200, 409, 404).code == 200 {
					approved.Add(1)
				}
			} else if a := b.api("POST", "/members/"+id+"/reject", nil).want(200, 204, 409, 404); a.code < 300 {
				rejected.Add(1)
			}
		})
		if approved.Load()+rejected.Load() != 1 {
			t.Fatalf("round %d: %d approvals and %d rejections", round, approved.Load(), rejected.Load())
		}
		if n := h.did("approved") + h.did("rejected") - before; n != 1 {
			t.Fatalf("round %d: %d entries of a decision", round, n)
		}
	}
	h.command("verify")
	h.command("audit", "verify")
}

var _ = item("62", "two Admins demote each other at the same moment, 100 times", neverNoAdmin)

// Each of two Admins takes the other's rights away; each transaction sees one
// Admin left. If both succeeded nobody could approve anybody any more.
func neverNoAdmin(t *testing.T) {
	h := openWithAdmin(t)
	bob, bobID := h.member("bob@example.com", "Admin")
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	graceToken, bobToken := h.admin, bob
	for round := range 50 {
		at(2, func(i int) {
			if i == 0 {
				graceToken.api("PATCH", "/members/"+bobID, map[string]any{
					"roles": []string{"Fleet"},
				}).want(200, 403, 409, 401)
			} else {
				bobToken.api("PATCH", "/members/"+me, map[string]any{
					"roles": []string{"Fleet"},
				}).want(200, 403, 409, 401)
			}
		})
		admins := objects(t, h.command("members", "--role", "Admin", "--json"))
		active := 0
		for _, m := range admins {
			if m["state"] == "active" {
				active++
			}
		}
		if active == 0 {
			t.Fatalf("round %d: no Admin is left", round)
		}
		h.command("access", "bob@example.com", "--role", "Admin")
		h.command("access", boss, "--role", "Admin")
	}
	h.command("access", "bob@example.com", "--role", "Fleet")
	for _, last := range []string{"suspend", "remove"} {
		if s, err := h.Run(last, boss, "--yes"); err != nil || s.Code == 0 {
			if s, err = h.Run(last, boss); err != nil || s.Code == 0 {
				t.Errorf("the last Admin could be taken away by %s", last)
			}
		}
	}
	h.alive()
}

var _ = item("67", "50 browsers create the first Admin at the same moment, and again after a restart", firstAdmin)

// A stranger is the first to open a new server, and owns it. The setup link is a
// secret that only the server's output has; it works once and never again.
func firstAdmin(t *testing.T) {
	h := open(t)
	setup := h.Setup[strings.Index(h.Setup, "/setup/"):]
	browsers := make([]*browser, 50)
	for i := range browsers {
		browsers[i] = h.browser()
		browsers[i].proof(setup)
	}
	var won atomic.Int32
	at(len(browsers), func(i int) {
		b := browsers[i]
		a := b.get(setup)
		if m := formToken.FindStringSubmatch(a.body); m != nil {
			a = b.post(setup, []string{
				"csrf", m[1], "email", fmt.Sprintf("admin%d@example.com", i), "name", "A", "workspace", "W",
			})
		}
		if a.code == 303 {
			won.Add(1)
		} else if a.code != 410 && a.code != 409 && a.code != 429 {
			t.Errorf("a slower one = %d: %s", a.code, a.text())
		}
	})
	if admins := objects(t, h.command("members", "--json")); won.Load() != 1 || len(admins) != 1 {
		t.Errorf("%d setups, %d members", won.Load(), len(admins))
	}
	h.browser().get(setup).want(410)
	h.browser().get("/setup/" + strings.Repeat("A", 43)).want(410)
	if err := h.Crash(); err != nil {
		t.Fatal(err)
	}
	h.browser().get(setup).want(410)
	if s, err := h.Run("setup", "--email", "eve@example.com"); err != nil || s.Code == 0 {
		t.Errorf("a second setup on the shell: %+v, %v", s, err)
	}
}

var _ = item("69", "one click arrives ten times: approvals, suspensions, notes, invitations", tenClicks)

// A double click, a proxy that retries, a script in a loop. What is sent ten times is
// done once, and each answer is correct.
func tenClicks(t *testing.T) {
	h := openWithAdmin(t)
	eve, id := h.arrived("eve@example.com")
	count := func(what string, deed string, call func() answer, ok int, others ...int) {
		before, good := h.did(deed), atomic.Int32{}
		at(10, func(int) {
			if call().want(append(others, ok)...).code == ok {
				good.Add(1)
			}
		})
		if n := h.did(deed) - before; n != 1 {
			t.Errorf("%s: %d entries", what, n)
		}
		if good.Load() < 1 {
			t.Errorf("%s: nobody was told that it is done", what)
		}
	}
	count("invite", "invited", func() answer {
		return h.admin.api("POST", "/invitations", map[string]any{
			"email": "once@example.com",
			"roles": []string{"Fleet"},
		})
	}, 201, 409)
	proof := eve.proof("/pending")
	count(
		"note",
		"added_note",
		func() answer { return eve.post("/pending/note", []string{"csrf", proof, "note", "hello"}) },
		303,
		429,
	)
	count("approve", "approved", func() answer { return h.admin.api("POST", "/members/"+id+"/approve", nil) }, 200, 409)
	count("suspend", "suspended", func() answer {
		return h.admin.api("POST", "/members/"+id+"/suspend", nil)
	}, 200, 409)
	count("remove", "removed", func() answer { return h.admin.api("DELETE", "/members/"+id, nil) }, 204, 200, 404, 409)
}
