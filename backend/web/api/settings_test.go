package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/web/api"
	"doorward/backend/web/webtest"
)

type stubOperations struct{}

func (stubOperations) Compact(context.Context) ([]access.MachineCompacted, error) { return nil, nil }
func (stubOperations) Verify(context.Context) (map[string]int, error)             { return nil, nil }
func (stubOperations) Backup(context.Context, io.Writer) error                    { return nil }

func (stubOperations) Machines(context.Context) []api.Check { return nil }

func (stubOperations) Doctor(context.Context) []api.Check {
	return []api.Check{{
		Name:   "disk",
		State:  "warn",
		Detail: access.Textf("%d MB free at %s", 1, "/srv"),
		Fix:    access.Textf("Free up disk space before it runs out."),
	}, {
		Name:   "clock",
		State:  "ok",
		Detail: access.Textf("%s", access.Moment(time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC))),
	}, {
		Name:   "store",
		State:  "fail",
		Detail: access.Textf("Paused: %s", "broken"),
		Fix:    access.Textf("Ask the server operator to verify the data."),
		Shell:  "Run: doorward verify",
	}}
}

// An Admin was sent to a shell that only the operator has.
func TestEachFaceSaysItsOwnFix(t *testing.T) {
	c := webtest.NewCallers(t, func(o *webtest.Options) { o.API.Operations = stubOperations{} })
	const shared, asked, command = "Free up disk space", "Ask the server operator", "Run: doorward verify"
	console := c.Admin.API("GET", "/settings/checks", "")
	console.Want(t, 200, shared, asked)
	console.Lacks(t, command)
	face, err := c.Web.Face(true)
	c.Must(err)
	r, err := http.NewRequest(http.MethodGet, webtest.URL+"/local/v1/doctor", nil)
	c.Must(err)
	res, err := face.App().Test(r, -1)
	c.Must(err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	c.Must(err)
	for what, want := range map[string]bool{shared: true, command: true, asked: false} {
		if strings.Contains(string(said), what) != want {
			t.Errorf("the command line says %s; wanted %q: %t", said, what, want)
		}
	}
}

// The report was in English in the console of every language. Its names stay: programs read them.
func TestTheReportIsInTheReadersLanguage(t *testing.T) {
	c := webtest.NewCallers(t, func(o *webtest.Options) { o.API.Operations = stubOperations{} })
	a := c.Admin.API("GET", "/settings/checks", "", reads("en-XA"))
	a.Want(t, 200, `"name":"disk","state":"warn","detail":"[`)
	a.Want(t, 200, `"fix":"[`)
}

// An Admin is asked whether everybody shall sign in again at an address that will then be
// refused.
func TestAPICheckPublicURL(t *testing.T) {
	c := webtest.NewCallers(t)
	before := c.Records()
	at := func(typed string) string { return `{"public_url":"` + typed + `"}` }
	run(t, c, []row{
		{"below: a member", "fleet", "POST", "/settings/public-url/check", at("https://x.example.com"), 403, nil, nil},
		{"below: a stranger", "stranger", "POST", "/settings/public-url/check", at("https://x.example.com"), 401, nil,
			nil},
		{"as it would be stored", "admin", "POST", "/settings/public-url/check", at(" HTTPS://New.Example.com:443/ "),
			200, all(`{"public_url":"https://new.example.com"}`), nil},
		{"the default", "admin", "POST", "/settings/public-url/check", at(" "), 200,
			all(`{"public_url":"https://door.example.com"}`), nil},
		{"not encrypted", "admin", "POST", "/settings/public-url/check", at("http://new.example.com"), 422,
			all("public_url_invalid", `"location":"public_url"`, "must begin with https://"), nil},
		{"more than a host", "admin", "POST", "/settings/public-url/check", at("https://new.example.com/door"), 422,
			all("public_url_invalid", `"location":"public_url"`, "remove /door"), nil},
		{"no address", "admin", "POST", "/settings/public-url/check", at("new"), 422, all("public_url_invalid"), nil},
	})
	if c.Records() != before {
		t.Error("a check changed something")
	}
	c.Advance(20 * time.Minute) // the session is no longer confirmed: the question comes first
	c.As("admin", "POST", "/settings/public-url/check", at("https://new.example.com")).Want(t, 200)
	c.As("admin", "PATCH", "/settings", at("https://new.example.com")).Want(t, 403, "confirm")
}

func TestAPISettingsAndRoles(t *testing.T) {
	c := webtest.NewCallers(t, func(o *webtest.Options) {
		o.API.Operations, o.API.MailServer = stubOperations{}, "mail.example.com:587"
		o.API.MailFrom = func(access.Settings) string { return "door@example.com" }
		o.API.SetAtStart = access.SetAtStart{MailServer: "DOORWARD_SMTP_URL", PublicURL: "--url"}
		o.API.Facts = []api.Fact{{Name: "listen", Value: "127.0.0.1:8080", Meaning: "where", SetWith: "--listen"}}
	})
	run(t, c, []row{
		{"settings", "admin", "GET", "/settings", "", 200,
			all(`"workspace":"AI Loop"`, `"invitation_expires_in":"7d"`, `"public_url":"https://door.example.com"`,
				`"server":"mail.example.com:587"`, `"from":"door@example.com"`, `"defaults":{"workspace":"AI Loop"`,
				`"set_with":"--listen"`, `"session_idle":"7d"`, `{"name":"sign_in_link","min":"5m","max":"1h"}`,
				`"name":"confirmation","value":"15m"`), nil},
		{"the name, for who may not read settings", "fleet", "GET", "/me", "", 200, all(`"workspace":"AI Loop"`), nil},
		{"change", "admin", "PATCH", "/settings", `{"workspace":"Hangar","invitation_expires_in":"2d"}`, 200,
			all(`"workspace":"Hangar"`, `"invitation_expires_in":"2d"`), nil},
		{"hide the checklist", "admin", "PATCH", "/settings", `{"checklist_hidden":true}`, 200,
			all(`"checklist_hidden":true`), nil},
		{"hide it for Admins", "fleet", "PATCH", "/settings", `{"checklist_hidden":false}`, 403, nil, nil},
		{"nothing", "admin", "PATCH", "/settings", `{}`, 422, all("nothing_to_change"), nil},
		{"too long", "admin", "PATCH", "/settings", `{"invitation_expires_in":"31d"}`, 422,
			all(`"location":"invitation_expires_in"`), nil},
		{"so long that it would count as short", "admin", "PATCH", "/settings", `{"invitation_expires_in":"213505d"}`, 422,
			all("bad_duration", `"location":"invitation_expires_in"`), nil},
		{"sessions", "admin", "PATCH", "/settings", `{"lifetimes":{"session":"8h","session_idle":"90m"}}`, 200,
			all(`"session":"8h"`, `"session_idle":"90m"`, `"sign_in_link":"15m"`), nil},
		{"sessions without use longer", "admin", "PATCH", "/settings", `{"lifetimes":{"session_idle":"9h"}}`, 422,
			all("expiry_out_of_range", `"location":"lifetimes.session_idle"`, "than the session itself: 8 hours"), nil},
		{"links for too long", "admin", "PATCH", "/settings", `{"lifetimes":{"sign_in_link":"61m"}}`, 422,
			all("expiry_out_of_range", `"location":"lifetimes.sign_in_link"`, "from 5 minutes to 1 hour"), nil},
		{"links for no time", "admin", "PATCH", "/settings", `{"lifetimes":{"sign_in_link":"0m"}}`, 422,
			all("expiry_out_of_range", `"location":"lifetimes.sign_in_link"`, "from 5 minutes to 1 hour"), nil},
		{"links for ever", "admin", "PATCH", "/settings", `{"lifetimes":{"sign_in_link":"99999999999d"}}`, 422,
			all("expiry_out_of_range", `"location":"lifetimes.sign_in_link"`, "from 5 minutes to 1 hour"), nil},
		{"links for how long", "admin", "PATCH", "/settings", `{"lifetimes":{"sign_in_link":"soon"}}`, 422,
			all("bad_duration", `"location":"lifetimes.sign_in_link"`), nil},
		{"a lifetime that there is not", "admin", "PATCH", "/settings", `{"lifetimes":{"soup":"1h"}}`, 422, nil, nil},
		{"no lifetimes", "admin", "PATCH", "/settings", `{"lifetimes":{}}`, 422, all("nothing_to_change"), nil},
		{"the defaults", "admin", "PATCH", "/settings", `{"lifetimes":{"session":"","session_idle":""}}`, 200,
			all(`"session":"30d"`, `"session_idle":"7d"`), nil},
		{"lifetimes by a member", "fleet", "PATCH", "/settings", `{"lifetimes":{"session":"8h"}}`, 403, nil, nil},
		{"what is fixed", "admin", "PATCH", "/settings", `{"public_url":"https://evil.example"}`, 409,
			all("set_at_start", `"location":"public_url"`, "--url"), all("evil")},
		{"whether it could be changed", "admin", "POST", "/settings/public-url/check",
			`{"public_url":"https://evil.example"}`, 409, all("set_at_start", `"location":"public_url"`), nil},
		{"a mail server that is fixed", "admin", "PATCH", "/settings", `{"mail_settings":{"host":"evil.example"}}`, 409,
			all("set_at_start", `"location":"mail_settings.host"`, "DOORWARD_SMTP_URL"), nil},
		{"by a member", "fleet", "PATCH", "/settings", `{"workspace":"Mine"}`, 403, nil, nil},
		{"checks", "admin", "GET", "/settings/checks", "", 200,
			all(`{"name":"disk","state":"warn","detail":"1 MB free at /srv","fix":"Free up disk space before it runs out."}`), nil},
		{"checks by a member", "fleet", "GET", "/settings/checks", "", 403, nil, all("disk")},
		{"roles with who has them", "admin", "GET", "/roles", "", 200,
			all(`"name":"Admin"`, `"built_in":true,"members":2`, `"grantable":["open ailoop"`),
			all("applications")}, // nothing can be connected yet
		{"make one", "admin", "PUT", "/roles/Night%20Pilots",
			`{"description":"By night.","permissions":["open fleet"]}`, 200,
			all(`"name":"Night Pilots"`, `"built_in":false`), nil},
		{"one that reads like another", "admin", "PUT", "/roles/night%20pilots", `{"permissions":["open fleet"]}`, 409,
			all("role_exists"), nil},
		{"a built-in one", "admin", "PUT", "/roles/Fleet", `{"permissions":["change members"]}`, 409,
			all("built_in_role"), nil},
		{"what nobody can hold", "admin", "PUT", "/roles/X", `{"permissions":["wait door"]}`, 422,
			all("unknown_permission"), nil},
		{"a name with a way in it", "admin", "PUT", "/roles/..%2fFleet", `{"permissions":["open fleet"]}`, 422,
			all("role_name"), nil},
		{"by a member", "fleet", "PUT", "/roles/Mine", `{"permissions":["change members"]}`, 403, nil, nil},
		{"delete", "admin", "DELETE", "/roles/Night%20Pilots", "", 204, nil, nil},
		{"one in use", "admin", "DELETE", "/roles/Admin", "", 409, all("built_in_role"), nil},
		{"one that is gone", "admin", "DELETE", "/roles/Night%20Pilots", "", 404, nil, nil},
		{"quiet", "admin", "PATCH", "/me", `{"notify_requests":false}`, 200, all(`"notify_requests":false`), nil},
		{"still", "admin", "GET", "/me", "", 200,
			all(`"notify_requests":false`, `"state":"active"`, `"sign_in_method":"link"`,
				`"email_canonical":"admin@example.com"`), nil},
		{"roles of one's own", "admin", "PATCH", "/me", `{"notify_requests":true,"roles":["Admin"]}`, 422,
			all("unknown_field"), nil},
		{"by one who decides nothing", "fleet", "PATCH", "/me", `{"notify_requests":true}`, 403, nil, nil},
		{"a language", "fleet", "PATCH", "/me", `{"language":"DE"}`, 200, all(`"language":"de"`), nil},
		{"later", "fleet", "GET", "/me", "", 200, all(`"language":"de"`), nil},
		{"as Admins see it", "admin", "GET", "/members/{fleet}", "", 200, all(`"language":"de"`), nil},
		{"an unknown language", "fleet", "PATCH", "/me", `{"language":"tlh"}`, 422, all("language_unknown"), nil},
		{"by a token", "weak token", "PATCH", "/me", `{"language":"fr"}`, 403, nil, nil},
		{"by who waits", "pending", "PATCH", "/me", `{"language":"fr"}`, 403, all(`"code":"pending"`), nil},
		{"of somebody else", "admin", "PATCH", "/members/{fleet}", `{"language":"fr"}`, 422, all("unknown_field"), nil},
		{"two changes", "admin", "PATCH", "/me", `{"language":"fr","notify_requests":true}`, 422,
			all("one_change"), nil},
		{"no change", "admin", "PATCH", "/me", `{}`, 422, all("one_change"), nil},
		{"an invitation in French", "admin", "POST", "/invitations",
			`{"email":"fr@example.com","roles":["Fleet"],"language":"fr"}`, 201, all(`"language":"fr"`), nil},
		{"one in Klingon", "admin", "POST", "/invitations",
			`{"email":"tlh@example.com","roles":["Fleet"],"language":"tlh"}`, 422, all("language_unknown"), nil},
		{"a batch", "admin", "POST", "/invitations/batch",
			`{"invitations":[{"email":"pl@example.com","roles":["Fleet"],"language":"pl"},` +
				`{"email":"xx@example.com","roles":["Fleet"],"language":"xx"}]}`, 200,
			all(`"language":"pl"`, `"field":"language"`, `"ok":1`, `"failed":1`), nil},
		{"who waits is told nothing", "pending", "GET", "/me", "", 403, all(`"code":"pending"`), all("Fleet", "admin")},
	})
}

// An API token may do what its roles and its owner both may now: less as soon as
// either has less, and nothing once it is revoked or has expired.
func TestAPITokens(t *testing.T) {
	c := webtest.NewCallers(t)
	run(t, c, []row{
		{"make", "admin", "POST", "/tokens", `{"name":"nightly","roles":["Fleet"],"expires_in":"1d"}`, 201,
			all(`"token":"dw_`, `"expires_at":"2030-05-02T12:00:00Z"`), nil},
		{"list", "admin", "GET", "/tokens", "", 200, all(`"name":"nightly"`, `"total":3`),
			all("dw_", `"token"`, `"hash"`)},
		{"without roles", "admin", "POST", "/tokens", `{"name":"x","roles":[]}`, 422, all(`"location":"roles"`), nil},
		{"without a name", "admin", "POST", "/tokens", `{"name":" ","roles":["Fleet"]}`, 422, all("name_missing"), nil},
		{"for ever and longer", "admin", "POST", "/tokens", `{"name":"x","roles":["Fleet"],"expires_in":"400d"}`, 422,
			all("expiry_out_of_range"), nil},
		{"by a token", "admin token", "POST", "/tokens", `{"name":"x","roles":["Admin"]}`, 403, all("token_by_token"),
			all("dw_")},
		{"by a member", "fleet", "POST", "/tokens", `{"name":"x","roles":["Fleet"]}`, 403, nil, all("dw_")},
		{"used", "weak token", "GET", "/me", "", 200, all(`"permissions":["open fleet"`, `"sign_in_method":"token"`),
			all("change members")},
	})
	made := c.As("admin", "POST", "/tokens", `{"name":"short","roles":["Admin"],"expires_in":"1h"}`).Object(t)
	short := access.Secret(made["token"].(string))
	c.Browser().API("GET", "/overview", "", webtest.Bearer(short)).Want(t, 200)
	c.Advance(time.Hour)
	c.Browser().API("GET", "/overview", "", webtest.Bearer(short)).Want(t, 401, `"code":"bad_token"`)
	for _, wrong := range []access.Secret{"", "dw_", "dw_" + access.NewSecret(), short[3:], short + "x"} {
		c.Browser().API("GET", "/overview", "", webtest.Bearer(wrong)).Want(t, 401, "bad_token")
	}
	id := c.As("admin token", "GET", "/tokens", "").Items(t)[0]["id"].(string)
	c.As("admin token", "DELETE", "/tokens/"+id, "").Want(t, 204)
	c.As("admin token", "DELETE", "/tokens/"+strings.Repeat("a", 26), "")
	_, err := c.Service.Members.Suspend(bg, c.Server.Admin, c.IDs["admin"])
	c.Must(err)
	for _, path := range []string{"/me", "/overview", "/events", "/members"} {
		for _, who := range []string{"admin token", "weak token"} {
			if a := c.As(who, "GET", path, ""); a.StatusCode != 401 && a.StatusCode != 403 {
				t.Errorf("the %s of a suspended owner may %s: %d %s", who, path, a.StatusCode, a.Text)
			}
		}
	}
}

// A member sees and ends only their own sessions; a manager does not see or end
// those of a member with more permissions.
func TestAPISessions(t *testing.T) {
	c := webtest.NewCallers(t)
	c.Must(c.Service.Roles.Put(bg, c.Server.Admin, access.Role{
		Name: "Porter",
		Permissions: []access.Permission{access.May(access.Read, access.ResMembers),
			access.May(access.Change, access.ResMembers), access.May(access.Open, access.ResFleet),
			access.May(access.Open, access.ResFleetFlows), access.May(access.Open, access.ResFleetDataLake)},
	}))
	c.Pending, c.IDs["porter"] = c.SignedIn("porter@example.com", "Porter")
	second := c.SignInAgain("fleet@example.com")
	own := c.As("fleet", "GET", c.Fill("/members/{fleet}/sessions"), "")
	list := own.Items(t)
	if len(list) != 2 || list[0]["current"] == list[1]["current"] {
		t.Fatalf("one's own sessions: %s", own.Text)
	}
	own.Lacks(t, second.Session().Reveal())
	other := list[0]["id"].(string)
	if list[0]["current"] == true {
		other = list[1]["id"].(string)
	}
	c.IDs["other"] = access.MemberID(other)
	adminSession := c.As("admin", "GET", c.Fill("/members/{admin}/sessions"), "").Items(t)[0]["id"].(string)
	c.IDs["admin-session"] = access.MemberID(adminSession)
	run(t, c, []row{
		{"another's", "fleet", "GET", "/members/{admin}/sessions", "", 403, nil, all("opened_at")},
		{"another's by a token", "weak token", "GET", "/members/{fleet}/sessions", "", 403, nil, nil},
		{"end another's", "fleet", "DELETE", "/members/{admin}/sessions/{admin-session}", "", 403, nil, nil},
		{"end an Admin's without being one", "pending", "DELETE", "/members/{admin}/sessions/{admin-session}", "", 403,
			all("member_above_own"), nil},
		{"end all of an Admin's", "pending", "POST", "/members/{admin}/sign-out", "", 403, all("member_above_own"),
			nil},
		{"somebody's under another's name", "fleet", "DELETE", "/members/{fleet}/sessions/{admin-session}", "", 404,
			nil, nil},
		{"one's own other", "fleet", "DELETE", "/members/{fleet}/sessions/{other}", "", 204, nil, nil},
		{"again", "fleet", "DELETE", "/members/{fleet}/sessions/{other}", "", 404, nil, nil},
		{"this one is open", "fleet", "GET", "/me", "", 200, nil, nil},
		{"a manager ends all of a member's", "pending", "POST", "/members/{fleet}/sign-out", "", 204, nil, nil},
		{"at once", "fleet", "GET", "/me", "", 401, nil, nil},
		{"none is left", "admin", "GET", "/members/{fleet}/sessions", "", 200, all(`"items":[]`), nil},
	})
	second.Get("/").Want(t, 303, "/login")
}

func TestAPIOverview(t *testing.T) {
	c := webtest.NewCallers(t)
	c.IDs["soon"], _ = c.Invite("soon@example.com", access.Fleet)
	c.Advance(6 * 24 * time.Hour)
	c.Admin = c.SignInAgain("admin@example.com")
	run(t, c, []row{
		{
			"counts",
			"admin",
			"GET",
			"/overview",
			"",
			200,
			all(
				`"pending":2`, `"accepted":1`, `"active":3`, `"suspended":1`, `"admins":2`, `"members":6`, `"Fleet":4`,
				`"public_url":"https://door.example.com","public_url_local":false`, `"mail":{"configured":true`,
			),
			nil,
		},
		{"ends soon", "admin", "GET", "/invitations?expires_within=25h", "", 200,
			all(`"email":"soon@example.com"`, `"total":1`), all("pending@example.com")},
		{"not so soon", "admin", "GET", "/invitations?expires_within=23h", "", 200, all(`"items":[]`, `"total":0`),
			nil},
		{"when?", "admin", "GET", "/invitations?expires_within=31d", "", 422, all("bad_duration"), nil},
		{"soon, for a member", "fleet", "GET", "/invitations", "", 403, nil, nil},
		{"day by day", "admin", "GET", "/overview/days?days=8", "", 200,
			all(`"items":[{"day":"2030-04-30","invited":0,"accepted":0,"approved":0,"rejected":0},{"day":"2030-05-01","invited":5,"accepted":4,"approved":3,"rejected":0}`, `{"day":"2030-05-07"`, `"total":8`), nil},
		{"too many days", "admin", "GET", "/overview/days?days=91", "", 422, nil, nil},
		{"the setup checklist", "admin", "GET", "/overview/checklist", "", 200,
			all(`{"step":"second_admin","done":true}`, `{"step":"backup","done":false}`, `"done":false}`), nil},
		{"the setup checklist for a member", "fleet", "GET", "/overview/checklist", "", 403, nil, all("backup")},
		{"the setup checklist for who waits", "pending", "GET", "/overview/checklist", "", 403, nil, all("backup")},
		{"days for a member", "fleet", "GET", "/overview/days", "", 403, nil, nil},
	})
}
