package api_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"doorward/backend/web/webtest"
)

// Somebody's name is a formula; a colleague opens the exported members in a spreadsheet
// that would run it. Who may not read members, or is not sure to be who signed in, gets no
// table at all.
func TestMembersExport(t *testing.T) {
	c := webtest.NewCallers(t)
	c.As("admin", "POST", "/invitations", `{"email":"zoe@example.com","name":"=1+1","roles":["Fleet","AILoop"]}`).
		Want(t, 201)
	for who, status := range map[string]int{"fleet": 403, "pending": 403, "weak token": 403, "stranger": 401} {
		a := c.As(who, "GET", "/members/export", "")
		a.Want(t, status)
		a.Lacks(t, "zoe@")
	}

	rows := exported(t, c, "")
	if head := strings.Join(rows[0], ","); head !=
		"email,name,roles,status,language,invited_by,invited_at,accepted_at,decided_by,decided_at,last_sign_in_at,id" {
		t.Errorf("the columns are %s", head)
	}
	total := c.As("admin", "GET", "/members?limit=200", "").Object(t)["total"].(float64)
	if len(rows)-1 != int(total) {
		t.Errorf("%d rows of %v members", len(rows)-1, total)
	}
	at := slices.IndexFunc(rows, func(row []string) bool { return row[0] == "zoe@example.com" })
	if at < 0 {
		t.Fatalf("the new invitation is missing: %q", rows)
	}
	zoe := rows[at]
	if zoe[1] != "'=1+1" || zoe[3] != "invited" || zoe[11] == "" ||
		zoe[2] != "Fleet+AILoop" || zoe[6] == "" || zoe[7] != "" {
		t.Errorf("the new invitation is %q", zoe)
	}
	for query, want := range map[string]int{
		"?state=suspended":             1,
		"?state=pending&q=zoe":         1,
		"?role=AILoop&q=zoe%20example": 1,
		"?q=nobody-is-called-this":     0,
	} {
		if got := len(exported(t, c, query)) - 1; got != want {
			t.Errorf("%s: %d rows, not %d", query, got, want)
		}
	}
	for query, code := range map[string]string{
		"?state=asleep": "unknown_state", "?role=Nobodies": "unknown_role", "?format=xls": "unknown_parameter",
	} {
		c.As("admin", "GET", "/members/export"+query, "").Want(t, 422, code)
	}
}

// exported are the rows of the exported table, its columns first.
func exported(t *testing.T, c *webtest.Callers, query string) [][]string {
	t.Helper()
	a := c.As("admin", "GET", "/members/export"+query, "")
	a.Want(t, 200)
	if a.Header.Get("Content-Disposition") != `attachment; filename="doorward-members.csv"` ||
		a.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("it is sent as %v", a.Header)
	}
	text, marked := strings.CutPrefix(a.Text, "\ufeff")
	if !marked || strings.Count(text, "\r\n") != strings.Count(text, "\n") {
		t.Error("Excel on Windows reads it as Windows-1252, or in one line")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
