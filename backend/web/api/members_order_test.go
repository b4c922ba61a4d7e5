package api_test

import (
	"net/url"
	"slices"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// Orders come from an address that anybody can edit: what is none is refused with a
// sentence, and an order cannot be combined with what has another.
func TestMembersInOrder(t *testing.T) {
	c := webtest.NewCallers(t)
	c.As("admin", "POST", "/invitations", `{"email":"aaa@example.com","name":"Zz","roles":["Fleet"]}`).Want(t, 201)
	c.As("admin", "POST", "/invitations", `{"email":"zzz@example.com","name":"Aa","roles":["Fleet"]}`).Want(t, 201)
	long := url.QueryEscape("name\x00" + string(make([]byte, 300)))
	run(t, c, []row{
		{"by name", "admin", "GET", "/members?sort=name&limit=1", "", 200, all("zzz@"), all("aaa@")},
		{"by name, reversed", "admin", "GET", "/members?sort=-name&limit=1", "", 200, all("aaa@"), all("zzz@")},
		{"by address", "admin", "GET", "/members?sort=email&limit=1", "", 200, all("aaa@"), all("zzz@")},
		{"of a role", "admin", "GET", "/members?sort=-email&role=Fleet&limit=1", "", 200, all("zzz@"), all("aaa@")},
		{"of a status", "admin", "GET", "/members?sort=email&status=invited&limit=1", "", 200,
			all("aaa@"), all("zzz@")},
		{"without the permission", "fleet", "GET", "/members?sort=name", "", 403, nil, all("aaa@")},
		{"of a stranger", "stranger", "GET", "/members?sort=name", "", 401, nil, all("aaa@")},
		{"an unknown one", "admin", "GET", "/members?sort=age", "", 422,
			all(`"code":"unknown_order"`, `"sort"`, "Use name, email, added or last_sign_in"), nil},
		{"two signs", "admin", "GET", "/members?sort=--name", "", 422, all("unknown_order"), nil},
		{"capitals", "admin", "GET", "/members?sort=NAME", "", 422, all("unknown_order"), nil},
		{"an order with a space", "admin", "GET", "/members?sort=+name", "", 422, all("unknown_order"), nil},
		{"a long one", "admin", "GET", "/members?sort=" + long, "", 422, nil, all("aaa@")},
		{"with a search", "admin", "GET", "/members?sort=name&q=zz", "", 422,
			all(`"code":"order_of_search"`, "Leave out the search or the order."), nil},
		{"a search of nothing", "admin", "GET", "/members?sort=name&q=+&limit=1", "", 200, all("zzz@"), nil},
		{"a file with a search", "admin", "GET", "/members/export?sort=name&q=zz", "", 422,
			all("order_of_search"), nil},
		{"a file in an unknown one", "admin", "GET", "/members/export?sort=age", "", 422, all("unknown_order"), nil},
	})
	next, _ := c.As("admin", "GET", "/members?sort=name&limit=1", "").Object(t)["next"].(string)
	c.As("admin", "GET", "/members?sort=name&limit=1&cursor="+next, "").Want(t, 200)
	for _, other := range []string{"", "sort=-name&", "sort=email&", "sort=-added&", "sort=name&role=Fleet&"} {
		c.As("admin", "GET", "/members?"+other+"cursor="+next, "").Want(t, 422, "bad_cursor")
	}
	var file []string
	for _, cells := range exported(t, c, "?sort=email&role=Fleet")[1:] {
		file = append(file, cells[0])
	}
	if len(file) < 3 || !slices.IsSorted(file) {
		t.Errorf("the file by address has %q", file)
	}
}

// Login requests of a role or an inviter, the newest first; and who the inviters are.
func TestLoginRequestsByInviter(t *testing.T) {
	c := webtest.NewCallers(t)
	c.As("admin", "POST", "/invitations", `{"email":"hers@example.com","roles":["AILoop"]}`).Want(t, 201)
	id, _ := c.Invite("grace@example.net", access.Fleet)
	c.IDs["operators"] = id
	var hers string
	list := c.As("admin", "GET", "/login-requests", "").Object(t)
	for _, by := range list["inviters"].([]any) {
		if one := by.(map[string]any); one["name"] == "Admin@Example.com" {
			hers = one["id"].(string)
		}
	}
	run(t, c, []row{
		{"of a role", "admin", "GET", "/login-requests?role=AILoop", "", 200,
			all("hers@example.com", `"total":1`), all("grace@example.net")},
		{"of an inviter", "admin", "GET", "/login-requests?invited_by=" + hers, "", 200,
			all("hers@example.com", `"inviters":[{`), all("grace@example.net")},
		{"the newest", "admin", "GET", "/login-requests?sort=-added", "", 200, all("hers@"), nil},
		{"of one who invited nobody", "admin", "GET", "/login-requests?invited_by=mfrggzdfmztwq2lknnwg23tpoa", "", 200,
			all(`"items":[]`, `"total":0`), all("hers@")},
		{"of the operator", "admin", "GET", "/login-requests?invited_by=operator", "", 200, nil, all("hers@")},
		{"of nobody who could be", "admin", "GET", "/login-requests?invited_by=Grace", "", 422,
			all(`"code":"unknown_inviter"`, "is not an inviter"), nil},
		{"of an unknown role", "admin", "GET", "/login-requests?role=Nobodies", "", 422, all("unknown_role"), nil},
		{"in an order of members", "admin", "GET", "/login-requests?sort=name", "", 422,
			all("unknown_order", "Login requests have added and -added."), nil},
		{"a search in an order", "admin", "GET", "/login-requests?sort=-added&q=hers", "", 422,
			all("order_of_search"), nil},
		{"of those who accepted", "admin", "GET", "/login-requests?verified=true", "", 200,
			all("pending@example.com", `"total":1`), all("grace@example.net")},
		{"of those who did not", "admin", "GET", "/login-requests?verified=false", "", 200,
			all("hers@", "grace@example.net"), all("pending@")},
		{"verified or not", "admin", "GET", "/login-requests?verified=maybe", "", 422,
			all("must be one of: true, false."), nil},
		{"a search of those who accepted", "admin", "GET", "/login-requests?verified=false&q=hers", "", 422,
			all("verified_of_search"), nil},
		{"a search by inviter", "admin", "GET", "/login-requests?invited_by=operator&q=hers", "", 422,
			all("inviters_of_search"), nil},
		{"a search in a role", "admin", "GET", "/login-requests?role=Fleet&q=example", "", 200, nil, all("hers@")},
		{"without the permission", "fleet", "GET", "/login-requests?role=AILoop", "", 403,
			nil, all("hers@", "inviters")},
	})
}
