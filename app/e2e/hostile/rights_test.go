package hostile

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

var _ = item("58", "16 Admins approve and reject one request at the same moment", oneDecision)

// Two decisions on one person are worse than none: somebody is told that they are
// in, and deleted. However many decide at once, one decision stands, there is one
// entry and one email of it, and everybody else is told whose it was.
func oneDecision(t *testing.T) {
	h := furnish(t)
	token := h.token("Admin")
	for round := range 20 {
		email, _ := h.fresh()
		id := h.idOf(email)
		before := h.did("approved") + h.did("rejected")
		var approved, rejected atomic.Int32
		at(16, func(i int) {
			g := h.guest(bearer(token))
			if i%2 == 0 {
				if g.api("POST", "/members/"+id+"/approve", nil).want(200, 409, 404).code == 200 {
					approved.Add(1)
				}
			} else if a := g.api("POST", "/members/"+id+"/reject", nil).want(200, 204, 409, 404); a.code < 300 {
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

// idOf is the id of the member of an address.
func (h *house) idOf(email string) string {
	h.t.Helper()
	for _, m := range h.admin.api("GET", "/members?q="+email, nil).items() {
		if m["email"] == email {
			return str(m["id"])
		}
	}
	h.t.Fatalf("there is no member %s", email)
	return ""
}

var _ = item("59", "somebody decides on their own request, or changes what they may do", ownRequest)

// Whoever waits tries to let themselves in: with their own session, and, once
// they are in, by giving themselves more. A decision takes a second person.
func ownRequest(t *testing.T) {
	h := furnish(t)
	eve, id := h.arrived("eve@example.com", "Admin")
	eve.api("POST", "/members/"+id+"/approve", nil).want(401, 403)
	eve.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Admin"}}).want(401, 403)
	h.admin.api("GET", "/members/"+id, nil).want(200).has(`"state":"pending"`)

	bob, bobID := h.member("bob@example.com", "Admin")
	for _, g := range []*guest{bob} {
		g.api("PATCH", "/members/"+bobID, map[string]any{"roles": []string{"Admin", "Fleet"}}).want(403)
		g.api("POST", "/members/"+bobID+"/suspend", nil).want(403)
		g.api("DELETE", "/members/"+bobID, nil).want(403)
		g.api("POST", "/members/"+bobID+"/restore", nil).want(403)
	}
	h.admin.api("GET", "/members/"+bobID, nil).want(200).has(`"roles":["Admin"]`)
}

var _ = item("60", "state, roles or a proof of the address are sent along in one's own forms", selfRaised)

// Zitadel took "verified" from the body (CVE-2026-27946). What a person sends
// about themselves never holds what others decide: in JSON it is refused, in a
// form it changes nothing.
func selfRaised(t *testing.T) {
	h := furnish(t)
	fleet, fleetID := h.member("fleet@example.com")
	eve, eveID := h.arrived("eve@example.com")
	for _, field := range []string{`"state":"active"`, `"roles":["Admin"]`, `"role":"Admin"`, `"id":"x"`, `"email":"a@example.com"`, `"verified":true`, `"email_verified":true`, `"email_verified_at":"2030-01-01T00:00:00Z"`, `"invited_by":"x"`, `"permissions":["*"]`, `"decided_by":"x"`} {
		for _, g := range []*guest{fleet, h.admin} {
			g.api("PATCH", "/me", `{"notify_waiting":true,`+field+`}`).want(422, 400)
			g.api("PATCH", "/me", `{`+field+`}`).want(422, 400)
		}
	}
	eve.press("/pending", "/pending/note", "note", "hello", "state", "active", "roles", "Admin", "role", "Admin", "id", fleetID, "member", fleetID).want(303)
	h.admin.api("GET", "/members/"+eveID, nil).want(200).has(`"state":"pending"`, `"roles":["Fleet"]`)
	h.admin.api("GET", "/members/"+fleetID, nil).want(200).has(`"roles":["Fleet"]`).lacks("hello")
}

var _ = item("61", "a manager with fewer rights grants, invites, approves, rejects or ends what is above them", aboveOwn)

// Somebody may decide on members, and no more. Through every verb that touches
// another they try to make, take over, or turn away one who may more than they:
// below and equal goes, above is refused.
func aboveOwn(t *testing.T) {
	h := furnish(t)
	h.role("Clerk", "read members", "invite members", "decide members", "change members", "open fleet", "open fleet/datalake", "open fleet/flows")
	clerk, _ := h.member("clerk@example.com", "Clerk")
	_, boss2 := h.member("boss@example.com", "Admin")
	bigID, _ := h.invite("big@example.com", "Admin")
	for _, tt := range []struct {
		role string
		code int
	}{{"Fleet", 201}, {"Clerk", 201}, {"AILoop", 403}, {"Admin", 403}} {
		clerk.api("POST", "/invitations", map[string]any{"email": "x" + strings.ToLower(tt.role) + "@example.com", "roles": []string{tt.role}}).want(tt.code)
	}
	clerk.api("POST", "/invitations/batch", map[string]any{"invitations": []map[string]any{{"email": "batch@example.com", "roles": []string{"Admin"}}}}).want(200).has(`"failed":1`)
	for name, a := range map[string]answer{
		"approve":       clerk.api("POST", "/members/"+bigID+"/approve", nil),
		"approve lower": clerk.api("POST", "/members/"+bigID+"/approve", map[string]any{"roles": []string{"Fleet"}}),
		"reject":        clerk.api("POST", "/members/"+bigID+"/reject", nil),
		"resend":        clerk.api("POST", "/members/"+bigID+"/resend", nil),
		"copy the link": clerk.api("POST", "/members/"+bigID+"/login-link", nil),
		"suspend":       clerk.api("POST", "/members/"+boss2+"/suspend", nil),
		"demote":        clerk.api("PATCH", "/members/"+boss2, map[string]any{"roles": []string{"Fleet"}}),
		"rename":        clerk.api("PATCH", "/members/"+boss2, map[string]any{"name": "x"}),
		"remove":        clerk.api("DELETE", "/members/"+boss2, nil),
		"sign out":      clerk.api("POST", "/members/"+boss2+"/sign-out", nil),
		"a role":        clerk.api("PUT", "/roles/Clerk", map[string]any{"permissions": []string{"change settings"}}),
		"a token":       clerk.api("POST", "/tokens", map[string]any{"name": "x", "roles": []string{"Admin"}}),
	} {
		if a.code != 403 {
			t.Errorf("%s = %d: %.200s", name, a.code, a.body)
		}
	}
	h.admin.api("GET", "/members/"+bigID, nil).want(200).has(`"state":"pending"`, `"roles":["Admin"]`)
	h.admin.api("GET", "/members/"+boss2, nil).want(200).has(`"state":"active"`, `"roles":["Admin"]`)
}

var _ = item("62", "two Admins demote each other at the same moment, 100 times", neverNoAdmin)

// Each of two Admins takes the other's rights away; each transaction sees one
// Admin left. If both went through nobody could let anybody in any more.
func neverNoAdmin(t *testing.T) {
	h := furnish(t)
	bob, bobID := h.member("bob@example.com", "Admin")
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	graceToken, bobToken := h.admin, bob
	for round := range 50 {
		at(2, func(i int) {
			if i == 0 {
				graceToken.api("PATCH", "/members/"+bobID, map[string]any{"roles": []string{"Fleet"}}).want(200, 403, 409, 401)
			} else {
				bobToken.api("PATCH", "/members/"+me, map[string]any{"roles": []string{"Fleet"}}).want(200, 403, 409, 401)
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

var _ = item("63", "a member who was demoted goes on using a connection that stays open", demotedMidway)

// The rights of a connection that is used all the time are those of now, not of
// when it was opened: the next request after the change is refused.
func demotedMidway(t *testing.T) {
	h := furnish(t)
	bob, id := h.member("bob@example.com", "Admin")
	for range 20 {
		bob.api("GET", "/members", nil).want(200)
		h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet"}}).want(200)
		bob.api("GET", "/members", nil).want(403)
		h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Admin"}}).want(200)
		bob.get("/").want(200) // the new rights come with a new secret
	}
	h.role("Reader", "read members")
	carl, _ := h.member("carl@example.com", "Reader")
	carl.api("GET", "/members", nil).want(200)
	h.role("Reader", "read audit")
	carl.api("GET", "/members", nil).want(403)
}

var _ = item("64", "roles that do not exist, were deleted, or say everything", unknownRoles)

// What no rule allows is refused: a role that nobody made, one that was deleted
// and made anew with more rights, one that reads like a built-in role, a
// permission for everything.
func unknownRoles(t *testing.T) {
	h := furnish(t)
	for _, role := range []string{"Root", "admin ", "*", "Admin\x00", "", "Fleet;Admin", "ＡＤＭＩＮ"} {
		a := h.admin.api("POST", "/invitations", map[string]any{"email": "x@example.com", "roles": []string{role}})
		if a.code == 201 && strings.TrimSpace(role) != "admin" || a.code >= 500 {
			t.Errorf("the role %q = %d", role, a.code)
		}
	}
	for name, permissions := range map[string][]string{"All": {"*"}, "Any": {"* members"}, "Odd": {"open ../admin"}, "ADMIN": {"read members"}, "Empty": {}} {
		h.admin.api("PUT", "/roles/"+name, map[string]any{"permissions": permissions}).want(409, 422)
	}
	h.role("Temp", "open fleet")
	token := h.token("Temp")
	h.guest().api("GET", "/members", nil, bearer(token)).want(403)
	h.admin.api("DELETE", "/roles/Temp", nil)
	h.role("Temp", "open fleet", "read members", "change members")
	if a := h.guest().api("GET", "/members", nil, bearer(token)); a.code == 200 {
		t.Error("a token of a role that was deleted has the rights of a new one with its name")
	}
	h.guest().get("/api/v1/unknown").want(401, 404)
	h.admin.api("GET", "/unknown", nil).want(404)
}

var _ = item("65", "guarded paths in other spellings: slashes, case, encodings, dots", pathVariants)

// The guard compares one spelling of a path, the router another, and between them
// somebody walks through. Whatever does not match exactly is not there.
func pathVariants(t *testing.T) {
	h := furnish(t)
	fleet, _ := h.member("fleet@example.com")
	for _, path := range []string{"//admin", "/admin//", "/ADMIN", "/Admin", "/admin/.", "/./admin", "/admin%2f", "/%61dmin", "/admin;x=1", "/admin%00", "/fleet/../admin", "/fleet/%2e%2e/admin", "/admin%20", "/admin\\", "/ailoop/", "/AILOOP", "//ailoop", "/ailoop%2fdatalake", "/fleet/..;/ailoop", "/ailoop?x", "/ailoop#x",
		"/api/v1/members/", "/api/v1//members", "/API/v1/members", "/api/v1/MEMBERS", "/api/v1/members%2f", "/api/v1/members;x", "/api/v1/%6dembers", "/api/v1/./members", "/api//v1/members", "/api/v1/members/%2e%2e/members", "/local/v1/doctor", "/x/../local/v1/doctor"} {
		for who, cookie := range map[string]string{"a member": "dw=" + fleet.cookie("dw"), "a stranger": "x=y"} {
			a, ok := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + h.Listen + "\r\nCookie: " + cookie + "\r\n\r\n")
			if ok && a.code == 200 || strings.Contains(a.body, boss) {
				t.Errorf("%s gets %s = %d", who, path, a.code)
			}
			if a.code >= 500 {
				t.Errorf("%s gets %s = %d", who, path, a.code)
			}
		}
	}
}

var _ = item("67", "50 browsers make the first Admin at the same moment, and again after a restart", firstAdmin)

// Whoever is first at a fresh server owns it. The way in is a secret that only
// the server's own output has; it works once, whoever is fastest, and never again.
func firstAdmin(t *testing.T) {
	h := open(t)
	setup := h.Setup[strings.Index(h.Setup, "/setup/"):]
	guests := make([]*guest, 50)
	for i := range guests {
		guests[i] = h.guest()
		guests[i].proof(setup)
	}
	var won atomic.Int32
	at(len(guests), func(i int) {
		g := guests[i]
		a := g.get(setup)
		if m := formToken.FindStringSubmatch(a.body); m != nil {
			a = g.post(setup, []string{"csrf", m[1], "email", fmt.Sprintf("admin%d@example.com", i), "name", "A", "workspace", "W"})
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
	h.guest().get(setup).want(410)
	h.guest().get("/setup/" + strings.Repeat("A", 43)).want(410)
	if err := h.Crash(); err != nil {
		t.Fatal(err)
	}
	h.guest().get(setup).want(410)
	if s, err := h.Run("setup", "--email", "eve@example.com"); err != nil || s.Code == 0 {
		t.Errorf("a second setup on the shell: %+v, %v", s, err)
	}
}

var _ = item("69", "one click arrives ten times: approvals, suspensions, notes, invitations", tenClicks)

// A mouse that bounces, a proxy that tries again, a script in a loop. What is
// sent ten times is done once, and each answer is true.
func tenClicks(t *testing.T) {
	h := furnish(t)
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
		return h.admin.api("POST", "/invitations", map[string]any{"email": "once@example.com", "roles": []string{"Fleet"}})
	}, 201, 409)
	proof := eve.proof("/pending")
	count("note", "left_note", func() answer { return eve.post("/pending/note", []string{"csrf", proof, "note", "hello"}) }, 303, 429)
	count("approve", "approved", func() answer { return h.admin.api("POST", "/members/"+id+"/approve", nil) }, 200, 409)
	count("suspend", "suspended", func() answer { return h.admin.api("POST", "/members/"+id+"/suspend", nil) }, 200, 409)
	count("remove", "removed", func() answer { return h.admin.api("DELETE", "/members/"+id, nil) }, 204, 200, 404, 409)
}
