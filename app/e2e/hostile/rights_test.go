package hostile

import (
	"strings"
	"testing"
)

var _ = item("15", "something that was revoked is used before anyone notices: links, pages, sessions", revoked)

// Somebody uses what a decision took from them: the link and the open page of a
// rejected member, the session of a suspended one, a replaced invitation. A decision
// takes effect at once.
func revoked(t *testing.T) {
	h := openWithAdmin(t)
	eve, eveID := h.arrived("eve@example.com")
	eve.get("/pending").want(200)
	h.admin.api("POST", "/members/"+eveID+"/reject", nil).want(200, 204)
	eve.get("/pending").want(303, 401, 403).lacks("Account Pending Approval")
	eve.api("GET", "/me", nil).want(401, 403)

	malID, link := h.invite("mal@example.com")
	h.admin.api("POST", "/members/"+malID+"/reject", nil).want(200, 204)
	h.browser().get(link).want(410)
	h.browser().press("/login", link).want(410)

	ada, adaID := h.member("ada@example.com")
	b := h.browser()
	b.ask("ada@example.com")
	open := path(h.mail("ada@example.com", signIn, 1).Link)
	h.admin.api("POST", "/members/"+adaID+"/suspend", nil).want(200)
	ada.api("GET", "/me", nil).want(401, 403)
	ada.get("/fleet").want(303, 401, 403)
	b.get(open).want(403, 410)
	if b.press("/login", open).want(403, 410); b.cookie("dw") != "" {
		t.Error("a suspended member signed in")
	}
}

var _ = item("18", "permissions that an inviter has lost since are carried into the approval", demotedSince)

// Two of a kind invite each other's friends as Admins; one of them is demoted
// before anybody opens the email. What an approval grants is read from the record at
// that time, not from the link, and nobody grants what they may not do themselves.
func demotedSince(t *testing.T) {
	h := openWithAdmin(t)
	bob, bobID := h.member("bob@example.com", "Admin")
	bob.api("POST", "/invitations", map[string]any{"email": "friend@example.com", "roles": []string{"Admin"}}).want(201)
	link := path(h.mail("friend@example.com", invited, 1).Link)
	h.role("Approver", "read members", "decide members", "invite members")
	h.admin.api("PATCH", "/members/"+bobID, map[string]any{"roles": []string{"Approver"}}).want(200)

	friend := h.browser()
	friend.press(link, link+"?roles=Admin", "roles", "Admin", "state", "active").leads("/pending")
	id := ""
	for _, m := range h.admin.api("GET", "/members?state=pending", nil).items() {
		id = m["id"].(string)
	}
	bob.api("POST", "/members/"+id+"/approve", nil).want(403)
	bob.api("POST", "/members/"+id+"/approve", map[string]any{"roles": []string{"Admin"}}).want(403)
	bob.api("POST", "/invitations", map[string]any{"email": "more@example.com", "roles": []string{"Admin"}}).want(403)
	friend.api("GET", "/members", nil).want(403)
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(409) // Bob may no longer grant it
	h.admin.api("GET", "/members/"+id, nil).want(200).has(`"state":"pending"`)
	h.admin.api(
		"POST",
		"/members/"+id+"/approve",
		map[string]any{"roles": []string{"Fleet"}},
	).want(200).has(`"roles":["Fleet"]`)
}

// role makes a role of the workspace's own.
func (h *target) role(name string, permissions ...string) {
	h.t.Helper()
	h.admin.api("PUT", "/roles/"+name, map[string]any{"permissions": permissions}).want(200, 201)
}

// idOf is the id of the member with an address.
func (h *target) idOf(email string) string {
	h.t.Helper()
	for _, m := range h.admin.api("GET", "/members?q="+email, nil).items() {
		if m["email"] == email {
			return str(m["id"])
		}
	}
	h.t.Fatalf("there is no member %s", email)
	return ""
}

var _ = item("59", "someone decides on their own request, or changes their own permissions", ownRequest)

// A pending member tries to approve themselves, and, once approved, to give themselves
// more roles. A decision takes a second person.
func ownRequest(t *testing.T) {
	h := openWithAdmin(t)
	eve, id := h.arrived("eve@example.com", "Admin")
	eve.api("POST", "/members/"+id+"/approve", nil).want(401, 403)
	eve.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Admin"}}).want(401, 403)
	h.admin.api("GET", "/members/"+id, nil).want(200).has(`"state":"pending"`)

	bob, bobID := h.member("bob@example.com", "Admin")
	for _, b := range []*browser{bob} {
		b.api("PATCH", "/members/"+bobID, map[string]any{"roles": []string{"Admin", "Fleet"}}).want(403)
		b.api("POST", "/members/"+bobID+"/suspend", nil).want(403)
		b.api("DELETE", "/members/"+bobID, nil).want(403)
		b.api("POST", "/members/"+bobID+"/unsuspend", nil).want(403)
		b.api("POST", "/members/"+bobID+"/undo", nil).want(409)
	}
	h.admin.api("GET", "/members/"+bobID, nil).want(200).has(`"roles":["Admin"]`)
}

var _ = item("60", "someone adds a state, roles or a verified email to their own forms", selfRaised)

// Zitadel took "verified" from the body (CVE-2026-27946). What a person sends
// about themselves never holds what others decide: in JSON it is refused, in a
// form it changes nothing.
func selfRaised(t *testing.T) {
	h := openWithAdmin(t)
	fleet, fleetID := h.member("fleet@example.com")
	eve, eveID := h.arrived("eve@example.com")
	for _, field := range []string{
		`"state":"active"`, `"roles":["Admin"]`, `"role":"Admin"`, `"id":"x"`, `"email":"a@example.com"`,
		`"verified":true`, `"email_verified":true`, `"email_verified_at":"2030-01-01T00:00:00Z"`, `"invited_by":"x"`,
		`"permissions":["*"]`, `"decided_by":"x"`,
	} {
		for _, b := range []*browser{fleet, h.admin} {
			b.api("PATCH", "/me", `{"notify_requests":true,`+field+`}`).want(422, 400)
			b.api("PATCH", "/me", `{`+field+`}`).want(422, 400)
		}
	}
	eve.press(
		"/pending", "/pending/note", "note", "hello", "state", "active", "roles", "Admin", "role", "Admin", "id",
		fleetID,
		"member", fleetID,
	).want(303)
	h.admin.api("GET", "/members/"+eveID, nil).want(200).has(`"state":"pending"`, `"roles":["Fleet"]`)
	h.admin.api("GET", "/members/"+fleetID, nil).want(200).has(`"roles":["Fleet"]`).lacks("hello")
}

var _ = item(
	"61",
	"a manager with fewer permissions grants, invites, approves, rejects or ends what is above them",
	aboveOwn,
)

// Somebody may decide on members, and no more. Through every verb that touches
// another they try to make, take over, or reject somebody with more permissions: below
// and equal is allowed, above is refused.
func aboveOwn(t *testing.T) {
	h := openWithAdmin(t)
	h.role(
		"Clerk", "read members", "invite members", "decide members", "change members", "open fleet",
		"open fleet/datalake",
		"open fleet/flows",
	)
	clerk, _ := h.member("clerk@example.com", "Clerk")
	_, boss2 := h.member("boss@example.com", "Admin")
	bigID, _ := h.invite("big@example.com", "Admin")
	for _, tt := range []struct {
		role string
		code int
	}{{"Fleet", 201}, {"Clerk", 201}, {"AILoop", 403}, {"Admin", 403}} {
		clerk.api("POST", "/invitations", map[string]any{
			"email": "x" + strings.ToLower(tt.role) + "@example.com",
			"roles": []string{tt.role},
		}).want(tt.code)
	}
	clerk.api("POST", "/invitations/batch", map[string]any{
		"invitations": []map[string]any{{"email": "batch@example.com", "roles": []string{"Admin"}}},
	}).want(200).has(`"failed":1`)
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

var _ = item("64", "roles that do not exist, were deleted, or claim every permission", unknownRoles)

// The attacker asks for a role that does not exist, one that was deleted and made again
// with more rights, one that reads like a built-in role, a permission for everything.
// What no rule allows is refused.
func unknownRoles(t *testing.T) {
	h := openWithAdmin(t)
	for _, role := range []string{"Root", "admin ", "*", "Admin\x00", "", "Fleet;Admin", "ＡＤＭＩＮ"} {
		a := h.admin.api("POST", "/invitations", map[string]any{"email": "x@example.com", "roles": []string{role}})
		if a.code == 201 && strings.TrimSpace(role) != "admin" || a.code >= 500 {
			t.Errorf("the role %q = %d", role, a.code)
		}
	}
	for name, permissions := range map[string][]string{
		"All":   {"*"},
		"Any":   {"* members"},
		"Odd":   {"open ../admin"},
		"ADMIN": {"read members"},
		"Empty": {},
	} {
		h.admin.api("PUT", "/roles/"+name, map[string]any{"permissions": permissions}).want(409, 422)
	}
	h.role("Temp", "open fleet")
	token := h.token("Temp")
	h.browser().api("GET", "/members", nil, bearer(token)).want(403)
	h.admin.api("DELETE", "/roles/Temp", nil).want(409) // while a token holds it
	for _, held := range h.admin.api("GET", "/tokens", nil).items() {
		h.admin.api("DELETE", "/tokens/"+held["id"].(string), nil).want(204)
	}
	h.admin.api("DELETE", "/roles/Temp", nil).want(204)
	h.role("Temp", "open fleet", "read members", "change members")
	h.browser().api("GET", "/members", nil, bearer(token)).want(401)
	h.browser().get("/api/v1/unknown").want(401, 404)
	h.admin.api("GET", "/unknown", nil).want(404)
}
