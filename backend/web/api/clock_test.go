package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/web/webtest"
)

// A clock has jumped three days, and somebody without the permission to change
// settings confirms that it is right: a member, a pending member, a stranger, a
// token with fewer permissions. If that counted, every pending account would be
// deleted at once. Only callers who may change settings are obeyed; the audit log
// has one entry however often they press, and confirming a clock that is not in
// doubt changes nothing.
func TestAPIClock(t *testing.T) {
	c := webtest.NewCallers(t)
	const path, right = "/clock", `{"right":true}`
	trusted := func(want int) {
		t.Helper()
		entries := 0
		c.Must(c.Store.View(context.Background(), func(tx *store.Tx) error {
			log, err := tx.AuditLog.Since(0, 200)
			for _, e := range log {
				if e.Action == access.ActionTrustClock {
					entries++
				}
			}
			return err
		}))
		if entries != want {
			t.Errorf("%d entries about the clock, want %d", entries, want)
		}
	}
	run(t, c, []row{
		{"nothing is held", "admin", "GET", "/overview", "", 200, nil, all("clock_held")},
		{"nothing is held, by a member", "fleet", "POST", path, right, 403, nil, nil},
		{"nothing is held, by an Admin", "admin", "POST", path, right, 204, nil, nil},
	})
	trusted(0)
	at := c.Clock().Add(72 * time.Hour)
	c.Jump(72 * time.Hour)
	since, until := at.Format(time.RFC3339), at.Add(24*time.Hour).Format(time.RFC3339)
	run(t, c, []row{
		{"held", "admin token", "GET", "/overview", "", 200,
			all(`"clock_held":{"direction":"ahead","hours":72,"says":"` + since + `","since":"` + since +
				`","until":"` + until + `"}`), nil},
		{"by a member", "fleet", "POST", path, right, 403, nil, all("72")},
		{"by a token of less", "weak token", "POST", path, right, 403, nil, nil},
		{"by one who waits", "pending", "POST", path, right, 403, nil, nil},
		{"by a stranger", "stranger", "POST", path, right, 401, nil, nil},
		{"that it is wrong", "admin token", "POST", path, `{"right":false}`, 422,
			all("clock_not_right", "correct it on the server first"), nil},
		{"nothing said", "admin token", "POST", path, `{}`, 422, nil, nil},
		{"no body", "admin token", "POST", path, "", 400, nil, nil},
		{"to nobody in particular", "admin token", "POST", path, `{"right":true,"now":"2031-01-01T00:00:00Z"}`, 422,
			all("unknown_field"), nil},
		{"held as before", "admin token", "GET", "/overview", "", 200, all(`"clock_held":{`), nil},
	})
	trusted(0)
	run(t, c, []row{
		{"by an Admin", "admin token", "POST", path, right, 204, nil, nil},
		{"again", "admin token", "POST", path, right, 204, nil, nil},
		{"trusted", "admin token", "GET", "/overview", "", 200, nil, all("clock_held")},
		{"in the audit log", "admin token", "GET", "/audit?action=trusted_clock", "", 200,
			all(`"72 hours ahead"`, `"total":1`), nil},
	})
	trusted(1)
}

// The clock is off by just less, and just more, than the limit, in both
// directions.
func TestOverviewOfAClock(t *testing.T) {
	for _, tt := range []struct {
		off  time.Duration
		want string
	}{
		{24 * time.Hour, ""},
		{24*time.Hour + time.Second, `"clock_held":{"direction":"ahead","hours":24,`},
		{-time.Hour, ""},
		{-time.Hour - time.Second, `"clock_held":{"direction":"behind","hours":1,`},
	} {
		s := webtest.New(t)
		s.Jump(tt.off)
		text, err := s.API.Overview(bg)
		s.Must(err)
		if held := strings.Contains(string(text), "clock_held"); held != (tt.want != "") ||
			!strings.Contains(string(text), tt.want) {
			t.Errorf("%s off: %s, want %q", tt.off, text, tt.want)
		}
	}
}
