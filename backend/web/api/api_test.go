package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"doorward/backend/web/webtest"
)

var bg = context.Background()

// A row is one request: the caller, the request, the status, what the answer must
// contain, and what it must not.
type row struct {
	name, as, method, path, body string
	status                       int
	holds, lacks                 []string
}

// run sends the rows in order. {name} in a path or body is replaced by that
// caller's id.
func run(t *testing.T, c *webtest.Callers, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			a := c.As(r.as, r.method, c.Fill(r.path), c.Fill(r.body))
			holds := slices.Clone(r.holds)
			for i := range holds {
				holds[i] = c.Fill(holds[i])
			}
			a.Want(t, r.status, holds...)
			a.Lacks(t, append(r.lacks, "[secret]", `"hash":""`)...)
			if r.status >= 400 {
				c.Problem(t, a)
			}
		})
	}
}

func all(s ...string) []string { return s }

func TestAPIInvitations(t *testing.T) {
	c := webtest.NewCallers(t)
	run(t, c, []row{
		{"invite", "admin", "POST", "/invitations",
			`{"email":"Ada@Example.com","roles":["Fleet"],"name":"Ada","note":"Welcome.","expires_in":"36h"}`, 201,
			all(`"email":"Ada@Example.com"`, `"email_canonical":"ada@example.com"`, `"state":"pending"`,
				`"roles":["Fleet"]`, `"invited_by":"Admin@Example.com"`, `"expires_at":"2030-05-03T00:00:00Z"`,
				`"delivery":{"state":"queued"`), all("login_link", "/login/", `"decided_`, `"rejected_before"`)},
		{"again, in another spelling", "admin", "POST", "/invitations",
			`{"email":"ADA@example.COM","roles":["AILoop"]}`, 409,
			all(`"code":"already_invited"`, `"location":"email"`), all("AILoop")},
		{"one who is in", "admin", "POST", "/invitations", `{"email":"FLEET@example.com","roles":["Fleet"]}`, 409,
			all(`"code":"already_member"`), nil},
		{"the same by a member", "fleet", "POST", "/invitations", `{"email":"fleet@example.com","roles":["Fleet"]}`,
			403, all(`"code":"not_allowed"`), all("already")},
		{"the same by one who waits", "pending", "POST", "/invitations",
			`{"email":"fleet@example.com","roles":["Fleet"]}`, 403, all(`"code":"pending"`), all("already")},
		{"the same by a stranger", "stranger", "POST", "/invitations",
			`{"email":"fleet@example.com","roles":["Fleet"]}`, 401, all(`"code":"signed_out"`), all("already")},
		{"the same by a token that may not", "weak token", "POST", "/invitations",
			`{"email":"fleet@example.com","roles":["Fleet"]}`, 403, all(`"code":"not_allowed"`), all("already")},
		{"by a token that may", "admin token", "POST", "/invitations", `{"email":"bob@example.com","roles":["fleet"]}`,
			201, all(`"roles":["Fleet"]`), nil},
		{"an address with a second recipient in it", "admin", "POST", "/invitations",
			`{"email":"\"victim@evil> <x\"@ok.org","roles":["Fleet"]}`, 422, all(`"location":"email"`), all("evil")},
		{"no such role", "admin", "POST", "/invitations", `{"email":"x@example.com","roles":["Owner"]}`, 422,
			all(`"code":"unknown_role"`, `"location":"roles"`), nil},
		{"no role", "admin", "POST", "/invitations", `{"email":"x@example.com","roles":[]}`, 422,
			all(`"location":"roles"`), nil},
		{"no address", "admin", "POST", "/invitations", `{"roles":["Fleet"]}`, 422,
			all(`"code":"field_missing"`, `"location":"email"`), nil},
		{"for too long", "admin", "POST", "/invitations",
			`{"email":"x@example.com","roles":["Fleet"],"expires_in":"31d"}`, 422, all(`"code":"expiry_out_of_range"`),
			nil},
		{"for how long?", "admin", "POST", "/invitations",
			`{"email":"x@example.com","roles":["Fleet"],"expires_in":"soon"}`, 422,
			all(`"code":"bad_duration"`, `"location":"expires_in"`), nil},
		{"with a state of one's own", "admin", "POST", "/invitations",
			`{"email":"x@example.com","roles":["Fleet"],"state":"active"}`, 422,
			all(`"code":"unknown_field"`, `"location":"state"`), nil},
		{"with the mailed link", "admin", "POST", "/invitations",
			`{"email":"x@example.com","roles":["Fleet"],"print_link":true}`, 403, all(`"code":"operator_only"`),
			all("/login/")},
		{"text that turns around", "admin", "POST", "/invitations",
			`{"email":"x@example.com","roles":["Fleet"],"name":"A\u202edA"}`, 422, all(`"location":"name"`), nil},
		{"a name too long", "admin", "POST", "/invitations", `{"email":"x@example.com","roles":["Fleet"],"name":"` +
			strings.Repeat("x", 201) + `"}`, 422, all(`"location":"name"`), nil},
		{"none of these is here", "admin", "GET", "/members?q=x@example.com", "", 200, all(`"items":[]`, `"total":0`),
			all("x@example.com")},
		{"a dry run", "admin", "POST", "/invitations/batch",
			`{"dry_run":true,"invitations":[{"email":"new@example.com","roles":["Fleet"]},{"email":"no","roles":["Fleet"]},{"email":"NEW@example.com","roles":["Fleet"]},{"email":"fleet@example.com","roles":["Fleet"]}]}`, 200,
			all(`"ok":1,"failed":3`, `"code":"duplicate_row"`, `"code":"already_member"`, `"row":4`), all(`"member":`)},
		{"left nothing", "admin", "GET", "/members?q=new@example.com", "", 200, all(`"items":[]`), nil},
		{"for real", "admin", "POST", "/invitations/batch",
			`{"invitations":[{"email":"new@example.com","roles":["Fleet"]},{"email":"no","roles":["Fleet"]}]}`, 200,
			all(`"ok":1,"failed":1`, `"member":{"id":`), all("login_link", "/login/")},
		{"a batch of 1,001", "admin", "POST", "/invitations/batch", `{"invitations":[` +
			strings.TrimSuffix(strings.Repeat(`{"email":"a","roles":[]},`, 1001), ",") + `]}`, 422, all("1000"), nil},
		{"a batch by a member", "fleet", "POST", "/invitations/batch",
			`{"dry_run":true,"invitations":[{"email":"fleet@example.com","roles":["Fleet"]}]}`, 403, nil,
			all("already")},
	})
}

func TestAPICheckInvitation(t *testing.T) {
	c := webtest.NewCallers(t)
	turned, _ := c.Invite("turned@example.com", "Fleet")
	c.Must(c.Service.Members.Reject(bg, c.Server.Admin, turned, "", false))
	run(t, c, []row{
		{"a free address", "admin", "POST", "/invitations/check", `{"email":"New@Example.com","roles":["Fleet"]}`, 200,
			all(`"ok":true`, `"email_canonical":"new@example.com"`, `"links_lead_to":"https://door.example.com"`,
				`"mail":{"configured":true`),
			all(`"error"`, `"member"`, "similar_domain", "links_local", "rejected_before")},
		{"before the roles are chosen", "admin", "POST", "/invitations/check", `{"email":"new@example.com"}`, 200,
			all(`"ok":true`), nil},
		{"one letter off", "admin", "POST", "/invitations/check", `{"email":"new@gmial.com","roles":["Admin"]}`, 200,
			all(`"ok":true`, `"similar_domain":"gmail.com"`, `"admin":true`), nil},
		{"one letter off a member's", "admin", "POST", "/invitations/check", `{"email":"new@exampel.com"}`, 200,
			all(`"similar_domain":"example.com"`), nil},
		{"two letters off", "admin", "POST", "/invitations/check", `{"email":"new@exmapel.com"}`, 200, nil,
			all("similar_domain")},
		{"a member", "admin", "POST", "/invitations/check", `{"email":"FLEET@example.com"}`, 200,
			all(`"ok":false`, `"code":"already_member"`, `"member":{"id":"{fleet}"`, `"state":"active"`), nil},
		{"one who waits", "admin", "POST", "/invitations/check", `{"email":"pending@example.com"}`, 200,
			all(`"ok":false`, `"code":"already_invited"`, `"state":"pending"`), nil},
		{"one turned away", "admin", "POST", "/invitations/check", `{"email":"turned@example.com"}`, 200,
			all(`"ok":true`, `"rejected_before":{"at":"2030-05-01T12:00:00Z"`), nil},
		{"no address", "admin", "POST", "/invitations/check", `{"email":"new"}`, 200,
			all(`"ok":false`, `"field":"email"`), nil},
		{"no such role", "admin", "POST", "/invitations/check", `{"email":"new@example.com","roles":["Owner"]}`, 200,
			all(`"ok":false`, `"code":"unknown_role"`), nil},
		{"by a member, about another", "fleet", "POST", "/invitations/check", `{"email":"pending@example.com"}`, 403,
			nil, all("already")},
		{"by one who waits", "pending", "POST", "/invitations/check", `{"email":"fleet@example.com"}`, 403, nil,
			all("already")},
		{"by a stranger", "stranger", "POST", "/invitations/check", `{"email":"fleet@example.com"}`, 401, nil,
			all("already")},
	})
	if a := c.As("admin", "GET", "/members?q=new", ""); len(a.Items(t)) != 0 {
		t.Errorf("a check kept somebody: %s", a.Text)
	}
}

func TestAPIMembers(t *testing.T) {
	c := webtest.NewCallers(t)
	run(t, c, []row{
		{"one", "admin", "GET", "/members/{pending}", "", 200,
			all(`"state":"pending"`, `"email_verified_at":"2030-05-01T12:00:00Z"`, `"ends_at"`),
			all(`"expires_at"`, "decided")},
		{"nobody", "admin", "GET", "/members/mfrggzdfmztwq2lknnwg23tpoa", "", 404, all(`"code":"not_found"`), nil},
		{"nonsense", "admin", "GET", "/members/1", "", 404, all(`"code":"not_found"`), nil},
		{"one's own, without the right", "fleet", "GET", "/members/{fleet}", "", 403, all("not_allowed"),
			all("fleet@example.com")},
		{"by state", "admin", "GET", "/members?state=suspended", "", 200, all("suspended@example.com", `"total":1`),
			all("fleet@example.com")},
		{"by role and state", "admin", "GET", "/members?role=Fleet&state=active", "", 200, all("fleet@example.com"),
			all("suspended@example.com", "pending@example.com")},
		{"by the beginning of words", "admin", "GET", "/members?q=flee%20exam", "", 200,
			all("fleet@example.com", `"total":1`), all("pending@")},
		{"an unknown state", "admin", "GET", "/members?state=gone", "", 422, all(`"location":"state"`), nil},
		{"an unknown role", "admin", "GET", "/members?role=Owner", "", 422, all(`"code":"unknown_role"`), nil},
		{"an unknown filter", "admin", "GET", "/members?stat=active", "", 422, all(`"code":"unknown_parameter"`),
			all("@example.com")},
		{"a filter twice", "admin", "GET", "/members?state=active&state=pending", "", 422,
			all(`"code":"parameter_twice"`), nil},
		{"more than a page", "admin", "GET", "/members?limit=201", "", 422, all("200"), nil},
		{"much more", "admin", "GET", "/members?limit=1000000000000000000000", "", 422, nil, all("@example.com")},
		{"less than one", "admin", "GET", "/members?limit=0", "", 422, nil, nil},
		{"a cursor of nobody's", "admin", "GET", "/members?cursor=AAAA", "", 422, all(`"code":"bad_cursor"`), nil},
		{"rename", "admin", "PATCH", "/members/{fleet}", `{"name":"<img src=x onerror=1>"}`, 200,
			all(`"name":"<img src=x onerror=1>"`), nil},
		{"roles", "admin", "PATCH", "/members/{fleet}", `{"roles":["AILoop","Fleet","Fleet"]}`, 200,
			all(`"roles":["AILoop","Fleet"]`), nil},
		{"both", "admin", "PATCH", "/members/{fleet}", `{"roles":["AILoop"],"name":"X"}`, 422,
			all(`"code":"one_change"`), nil},
		{"neither", "admin", "PATCH", "/members/{fleet}", `{}`, 422, all(`"code":"one_change"`), nil},
		{"one's own roles", "fleet", "PATCH", "/members/{fleet}", `{"roles":["Admin"]}`, 403, all("not_allowed"), nil},
		{"a state", "admin", "PATCH", "/members/{suspended}", `{"state":"active"}`, 422, all("unknown_field"), nil},
		{"suspend", "admin", "POST", "/members/{fleet}/suspend", "", 200, all(`"state":"suspended"`), nil},
		{"their next request", "fleet", "GET", "/me", "", 401, nil, all("fleet@example.com")},
		{"restore", "admin", "POST", "/members/{fleet}/unsuspend", "{}", 200, all(`"state":"active"`), nil},
		{"suspend again", "admin", "POST", "/members/{fleet}/suspend", "", 200, all(`"undo_until":`), nil},
		{"undo by who may not", "pending", "POST", "/members/{fleet}/undo", "", 403, nil, nil},
		{"undo", "admin", "POST", "/members/{fleet}/undo", "", 200, all(`"state":"active"`), all("undo_until")},
		{"undo twice", "admin", "POST", "/members/{fleet}/undo", "{}", 409, all(`"code":"nothing_to_undo"`), nil},
		{"oneself", "admin", "POST", "/members/{admin}/suspend", "", 403, nil, nil},
		{"remove", "admin", "DELETE", "/members/{suspended}", "", 204, nil, nil},
		{"again", "admin", "DELETE", "/members/{suspended}", "", 404, all("This account was already removed by "),
			nil},
		{"remove with a body", "admin", "DELETE", "/members/{fleet}", `{}`, 204, nil, nil},
	})
	grace := string(c.Server.Admin.Member)
	a := c.As("admin", "DELETE", "/members/"+grace, "")
	a.Want(t, 204)
	c.As("admin", "PATCH", c.Fill("/members/{admin}"), `{"roles":["Fleet"]}`).Want(t, 403)
	c.As("admin token", "PATCH", c.Fill("/members/{admin}"), `{"roles":["Fleet"]}`).Want(t, 403)
}
