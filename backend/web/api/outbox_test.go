package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/web/webtest"
)

// Two Admins decide on the same request: the second is told who decided, what and
// when. Callers without the permission decide nothing, and a decision stands.
func TestAPIDecisions(t *testing.T) {
	c := webtest.NewCallers(t)
	c.IDs["late"], _ = c.Invite("late@example.com", access.Fleet)
	c.IDs["turned"], _ = c.Invite("turned@example.com", access.Fleet)
	c.IDs["above"], _ = c.Invite("above@example.com", access.Admin)
	c.Must(c.Service.Roles.Put(bg, c.Server.Admin, access.Role{Name: "Porter", Permissions: []access.Permission{
		access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers),
		access.May(access.Decide, access.ResMembers), access.May(access.Open, access.ResFleet),
		access.May(access.Open, access.ResFleetDataLake), access.May(access.Open, access.ResFleetFlows),
	}}))
	porter, id := c.SignedIn("porter@example.com", "Porter")
	c.Fleet, c.IDs["fleet"] = porter, id
	run(t, c, []row{
		{"who waits: proved first", "admin", "GET", "/login-requests?limit=1", "", 200,
			all(`"email":"pending@example.com"`, `"next":"`, `"total":4`), all("late@example.com")},
		{"who waits, by the beginning of a word", "admin", "GET", "/login-requests?q=la", "", 200,
			all(`"email":"late@example.com"`, `"total":1`), all("pending@example.com")},
		{"who is in does not wait", "admin", "GET", "/login-requests?q=porter", "", 200, all(`"total":0`),
			all("porter@example.com")},
		{"oneself", "pending", "POST", "/members/{pending}/approve", "", 403, all(`"code":"pending"`), nil},
		{"by a weak token", "weak token", "POST", "/members/{pending}/approve", "", 403, all("not_allowed"), nil},
		{"above one's own", "fleet", "POST", "/members/{above}/approve", "", 403, all("member_above_own"), nil},
		{"with roles above one's own", "fleet", "POST", "/members/{pending}/approve", `{"roles":["Admin"]}`, 403,
			all("role_above_own"), nil},
		{"a link to come in above one's own", "fleet", "POST", "/members/{above}/login-link", "", 403, nil,
			all("login_link")},
		{"approve with other roles", "admin", "POST", "/members/{pending}/approve", `{"roles":["AILoop"]}`, 200,
			all(`"state":"active"`, `"roles":["AILoop"]`, `"decided_by":"Admin@Example.com"`,
				`"decided_at":"2030-05-01T12:00:00Z"`), nil},
		{"too late", "fleet", "POST", "/members/{pending}/approve", "", 409,
			all(`"code":"already_decided"`, "Admin@Example.com", "approved", "1 May 2030", "12:00"), nil},
		{"too late to reject", "fleet", "POST", "/members/{pending}/reject", "", 409,
			all("already_decided", "Admin@Example.com"), nil},
		{"a link for one who is in", "admin", "POST", "/members/{pending}/login-link", "", 409, nil, all("/login/")},
		{"one who was never there", "admin", "POST", "/members/mfrggzdfmztwq2lknnwg23tpoa/approve", "", 404, nil, nil},
		{"a link to hand over", "admin", "POST", "/members/{late}/login-link", "", 200,
			all(`"login_link":"https://door.example.com/login/`), nil},
		{"resend", "admin", "POST", "/members/{late}/resend", "", 200, all(`"delivery":{"state":"queued"`),
			all("/login/")},
		{"reject", "admin", "POST", "/members/{turned}/reject", `{"reason":"No place.","tell_them":true}`, 204, nil,
			nil},
		{"again", "fleet", "POST", "/members/{turned}/reject", "", 409,
			all("already_decided", "rejected", "Admin@Example.com"), all("turned@")},
		{"a reason that nobody needs", "admin", "POST", "/members/{late}/reject", `{"why":"x"}`, 422,
			all("unknown_field"), nil},
		{"a rejection of one who is in", "admin", "POST", "/members/{fleet}/reject", "", 409, nil, nil},
	})
	c.As("admin", "GET", "/audit", "").Lacks(t, "turned@example.com", "No place.")
}

func TestAPIAudit(t *testing.T) {
	c := webtest.NewCallers(t)
	c.Advance(24 * time.Hour)
	c.Admin = c.SignInAgain("admin@example.com")
	c.As("admin", "POST", "/invitations", `{"email":"ada@example.com","roles":["Fleet"]}`).Want(t, 201)
	run(t, c, []row{
		{"an entry", "admin", "GET", "/audit?limit=1", "", 200,
			all(`"action":"invited"`, `"actor":"Admin@Example.com"`, `"actor_id":"{admin}"`, `"source":"console"`,
				`"target":"ada@example.com"`, `"detail":"Fleet"`, `"seq":`, `"next":"`), nil},
		{"by whom", "admin", "GET", "/audit?actor=" + url.QueryEscape("ADMIN@example.com") + "&action=invited,approved",
			"", 200, all(`"total":1`, "ada@example.com"), all("fleet@example.com")},
		{"to whom", "admin", "GET", "/audit?target={fleet}", "", 200, all(`"target":"fleet@example.com"`),
			all("suspended@example.com")},
		{"from then on", "admin", "GET", "/audit?from=2030-05-02T00:00:00Z&action=invited", "", 200, all(`"total":1`),
			nil},
		{"until then", "admin", "GET", "/audit?until=2030-05-02T00:00:00%2B02:00&action=suspended", "", 200,
			all(`"total":1`, "suspended@example.com"), all("2030-05-02T")},
		{"between, where nothing was", "admin", "GET", "/audit?from=2030-05-03T00:00:00Z&until=2030-05-02T00:00:00Z",
			"", 200, all(`"items":[]`, `"total":0`), nil},
		{"by somebody who is not here", "admin", "GET", "/audit?actor=nobody@example.com", "", 200, all(`"items":[]`),
			nil},
		{"at what time?", "admin", "GET", "/audit?from=yesterday", "", 422,
			all(`"code":"bad_time"`, `"location":"from"`), nil},
		{"a parameter that is not there", "admin", "GET", "/audit?who=ada", "", 422, all("unknown_parameter"), nil},
		{"the verdict", "admin", "GET", "/audit/verify", "", 200, all(`"ok":true`), all("detail")},
		{"a format that is not there", "admin", "GET", "/audit/export?format=xls", "", 422, all(`"code":"bad_format"`),
			nil},
		{"an export that has no such filter", "admin", "GET", "/audit/export?formt=csv", "", 422,
			all("unknown_parameter"), nil},
		{"an export by a member", "fleet", "GET", "/audit/export", "", 403, nil, all("seq")},
		{"an export by one who waits", "pending", "GET", "/audit/export", "", 403, nil, all("seq")},
		{"an export by a stranger", "stranger", "GET", "/audit/export?format=json", "", 401, nil, all("seq")},
		{"the log by a weak token", "weak token", "GET", "/audit", "", 403, nil, all("seq")},
		{"the verdict by a member", "fleet", "GET", "/audit/verify", "", 403, nil, all("entries")},
	})
	next := c.As("admin", "GET", "/audit?action=invited&limit=1", "").Object(t)["next"].(string)
	c.As("admin", "GET", "/audit?action=invited&limit=1&cursor="+next, "").Want(t, 200, "invited")
	for _, other := range []string{"/audit?action=approved&cursor=" + next, "/audit?cursor=" + next,
		"/members?cursor=" + next, "/outbox?cursor=" + next, "/login-requests?cursor=" + next,
		"/audit?action=invited&limit=1&cursor=A" + next[1:] + "A"} {
		c.As("admin", "GET", other, "").Want(t, 422, "bad_cursor")
	}
}

// Somebody gives a role or a token a name that a spreadsheet would run as a
// formula when the exported log is opened in it.
func TestExportIsNoFormula(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, name := range []string{
		`=HYPERLINK("https://evil.example","x")`, "+1+1", "-1+1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM(A1)",
	} {
		body, _ := json.Marshal(map[string]any{"name": name, "roles": []string{"Fleet"}})
		c.As("admin", "POST", "/tokens", string(body)).Want(t, 201)
	}
	a := c.As("admin", "GET", "/audit/export?action=created_token", "")
	a.Want(
		t, 200, `"'=HYPERLINK(""https://evil.example"",""x"")"`, `"'+1+1"`, `"'-1+1"`, `"'@SUM(A1)"`, `"'＝1+1"`,
		`"'＋1"`,
		`"'－1"`, `"'＠SUM(A1)"`,
	)
	if a.Header.Get("Content-Disposition") != `attachment; filename="doorward-audit.csv"` ||
		a.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("it is sent as %v", a.Header)
	}
	text, marked := strings.CutPrefix(a.Text, "\ufeff")
	if !marked {
		t.Error("Excel on Windows reads it as Windows-1252")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 11 ||
		strings.Join(rows[0], ",") != "seq,at,actor,source,from,action,target,detail,hash" {
		t.Errorf("the table has %d rows (%v): %v", len(rows), err, rows)
	}
	if strings.Count(text, "\r\n") != len(rows) || strings.Count(text, "\n") != len(rows) {
		t.Errorf("not every line ends with CR LF, as RFC 4180 has it: %q", text)
	}
	for _, r := range rows[1:] {
		for _, cell := range r {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
				t.Errorf("a cell begins like a formula: %q", cell)
			}
		}
	}
	var list []map[string]any
	j := c.As("admin", "GET", "/audit/export?format=json", "")
	if err := json.Unmarshal([]byte(j.Text), &list); err != nil || len(list) < 10 || webtest.Keys(list[0]) == "" {
		t.Errorf("the JSON has %d entries: %v", len(list), err)
	}
	if err := json.Unmarshal([]byte(c.As("admin", "GET", "/audit/export?format=json&action=withdrew", "").Text),
		&list); err != nil || len(list) != 0 {
		t.Errorf("an empty export: %v, %v", list, err)
	}
}

// What was done to the machines of a cluster is in the log and in its exports, by the names that
// a filter takes.
func TestMachinesAreExported(t *testing.T) {
	c := webtest.NewCallers(t, leading().In)
	c.Must(c.Store.Update(bg, func(tx *store.Tx) error {
		for _, a := range access.ClusterActions() {
			if err := tx.Record(access.Operator, a, "berlin-1", "10.0.0.1:9443"); err != nil {
				return err
			}
		}
		return nil
	}))
	var names []string
	for _, a := range access.ClusterActions() {
		names = append(names, a.Name())
	}
	for _, query := range []string{"", "?action=" + strings.Join(names, ",")} {
		and := strings.Replace(query, "?", "&", 1)
		for _, path := range []string{"/audit" + query, "/audit/export" + query, "/audit/export?format=json" + and} {
			c.As("admin", "GET", path, "").Want(t, 200, append(names, "berlin-1", "10.0.0.1:9443")...)
		}
	}
}

// A delegated Admin reads other members' emails to sign in as them.
func TestMessagePreviewHoldsNoWayIn(t *testing.T) {
	c := webtest.NewCallers(t)
	b := c.Browser()
	b.Post(b.Get("/login"), "/login", "email", "fleet@example.com").Want(t, 200)
	_, err := c.Service.SignIn.AnswerRequests(bg)
	c.Must(err)
	link, code := c.SignInEmail()
	secret := strings.TrimPrefix(link, "/login/")
	seen := 0
	for _, l := range c.As("admin", "GET", "/outbox?limit=200", "").Items(t) {
		a := c.As("admin", "GET", "/outbox/"+l["id"].(string), "")
		a.Want(t, 200, `"message_id"`)
		a.Lacks(t, secret, code)
		if found := regexp.MustCompile(`/login/[A-Za-z0-9_-]{43}`).FindString(a.Text); found != "" {
			t.Errorf("the preview of an email (%s) holds %s", l["kind"], found)
		}
		if l["kind"] == "sign_in" || l["kind"] == "invitation" {
			seen++
			a.Want(t, 200, `"redacted":true`, "/login/…", `"html":`, `"text":`)
			page := c.As("admin", "GET", "/outbox/"+l["id"].(string)+"/page", "")
			page.Want(t, 200, "/login/…", `<base target="_blank">`)
			page.Lacks(t, secret, code)
			if policy := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; sandbox") ||
				strings.Contains(policy, "script") {
				t.Errorf("an email comes as a page with the policy %q", policy)
			}
		}
	}
	if seen < 2 {
		t.Errorf("only %d emails with a way in were seen", seen)
	}
	c.As("fleet", "GET", "/outbox", "").Want(t, 403)
}

func TestAPIOutbox(t *testing.T) {
	c := webtest.NewCallers(t)
	id := c.As("admin", "GET", "/outbox?limit=1", "").Items(t)[0]["id"].(string)
	c.IDs["email"] = access.MemberID(id)
	run(t, c, []row{
		{"retry", "admin", "POST", "/outbox/{email}/retry", "", 200, all(`"state":"queued"`), nil},
		{"retry by a member", "fleet", "POST", "/outbox/{email}/retry", "", 403, nil, nil},
		{"delete by a weak token", "weak token", "DELETE", "/outbox/{email}", "", 403, nil, nil},
		{"delete", "admin", "DELETE", "/outbox/{email}", "", 204, nil, nil},
		{"again", "admin", "DELETE", "/outbox/{email}", "", 404, nil, nil},
		{"look", "admin", "GET", "/outbox/{email}", "", 404, nil, nil},
		{"a test email", "admin", "POST", "/settings/mail/test", "", 200,
			all(`"kind":"test"`, `"to":"admin@example.com"`), nil},
		{"to somebody else", "admin", "POST", "/settings/mail/test", `{"email":"evil@example.com"}`, 403,
			all("own_address_only"), nil},
		{"what nobody does", "admin", "GET", "/audit?action=invited,nothing", "", 422, all("unknown_action"), nil},
		{"as it is kept", "admin", "GET", "/audit?action=deleted_letter", "", 422, all("unknown_action"), nil},
		{"who did", "admin", "GET", "/audit?action=deleted_email", "", 200, all(`"total":1`), nil},
	})
}

// A search that matches more than the counting limit says so, and its pages lead
// to all matches; one that matches exactly the limit does not say so.
func TestTotalsThatAreFloors(t *testing.T) {
	s := webtest.New(t)
	const many = store.CountsUpTo + 1
	for n := 0; n < many; n += service.MaxBatchRows {
		var rows []service.NewInvitation
		for i := n; i < min(many, n+service.MaxBatchRows); i++ {
			name := "One"
			if i == 0 {
				name = "Last"
			}
			rows = append(rows, service.NewInvitation{
				Email: s.Address(fmt.Sprintf("p%d@many.example", i)),
				Name:  name,
				Roles: []access.RoleName{access.Fleet},
			})
		}
		done, err := s.Service.Invitations.InviteMany(bg, s.Admin, rows, false)
		s.Must(err)
		for _, r := range done {
			s.Must(r.Err)
		}
	}
	token := s.Token(s.Admin, access.Admin)
	list := func(query string) (found int, first map[string]any) {
		t.Helper()
		for cursor := ""; ; {
			a := s.Browser().API("GET", "/members?limit=200&"+query+cursor, "", webtest.Bearer(token))
			a.Want(t, 200)
			page := a.Object(t)
			if first == nil {
				first = page
			}
			found += len(page["items"].([]any))
			next, _ := page["next"].(string)
			if next == "" {
				return found, first
			}
			cursor = "&cursor=" + url.QueryEscape(next)
		}
	}
	// Until the search by any part is ready, which the first search begins, totals are floors.
	for ready := false; !ready; {
		_, first := list("q=many+last")
		ready = first["only_beginnings"] == nil
	}
	for query, want := range map[string]struct {
		found, total int
		floor        bool
	}{
		"q=many":                      {many, store.CountsUpTo, true},
		"q=many&state=pending":        {many, store.CountsUpTo, true},
		"q=one":                       {many - 1, store.CountsUpTo, false},
		"q=many+last":                 {1, 1, false},
		"state=pending":               {many, many, false},
		"role=Fleet":                  {many, many, false},
		"q=many.example&role=AILoop":  {0, 0, false},
		"q=many.example&state=active": {0, 0, false},
	} {
		found, first := list(query)
		_, floor := first["total_is_floor"]
		if found != want.found || first["total"] != float64(want.total) || floor != want.floor || floor &&
			first["total_is_floor"] != true {
			t.Errorf("%s: %d found, total %v, floor %v; want %+v", query, found, first["total"],
				first["total_is_floor"], want)
		}
	}
}

// An Admin opens a link that he copied. The approver reads that the address is
// not verified, and who had the link, wherever the member is shown.
func TestAPISaysThatALinkWasHandedOver(t *testing.T) {
	c := webtest.NewCallers(t)
	id, _ := c.Invite("late@example.com", access.Fleet)
	link, err := c.Service.Invitations.CopyLink(bg, c.Server.Admin, id)
	c.Must(err)
	_, err = c.Service.SignIn.RedeemLink(bg, access.Secret(link[strings.LastIndexByte(link, '/')+1:]), service.Browser{
		Secret: "eve",
	})
	c.Must(err)
	c.IDs["late"] = id
	said := all(`"link_handed_over_by":"grace@example.org"`, `"accepted_at":"2030-05-01T12:00:00Z"`)
	unsaid := all(`"email_verified_at":"2030`, `"expires_at"`)
	run(t, c, []row{
		{"the member", "admin", "GET", "/members/{late}", "", 200, said, unsaid},
		{"who waits", "admin", "GET", "/login-requests?q=late", "", 200, said, unsaid},
		{"the list", "admin", "GET", "/members?q=late", "", 200, said, unsaid},
		{"let in all the same", "admin", "POST", "/members/{late}/approve", "", 200, said, unsaid},
	})
}
