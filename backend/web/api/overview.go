package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/text"
	"doorward/backend/web"
)

func (s *API) mountOverview(r *group) {
	read := web.Permission(readMembers)
	mount(r, op{
		method: http.MethodGet,
		path:   "/overview",
		id:     "get-overview",
		title:  "Counts",
		text:   "How many members are pending, active and suspended, and the state of email delivery.",
		need:   read,
	}, s.overview)
	mount(r, op{
		method: http.MethodGet,
		path:   "/overview/checklist",
		id:     "get-checklist",
		title:  "Setup checklist",
		text: "What a new workspace needs, and whether it is done, by the state of the server now. Reading it " +
			"changes nothing.",
		need: web.Permission(access.May(access.Change, access.ResSettings)),
	}, s.checklist)
	mount(r, op{
		method: http.MethodGet,
		path:   "/overview/days",
		id:     "list-days",
		title:  "Day by day",
		text: "How many were invited, accepted, were approved and rejected on each of the last days, in UTC; the " +
			"oldest first, and today last.",
		need:  read,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.days)
	mount(r, op{
		method: http.MethodGet,
		path:   "/overview/unusual",
		id:     "get-unusual",
		title:  "Unusual events",
		text: "What strangers did in the last 24 hours that a normal day does not have, or not so much of: by kind, " +
			"with what it " +
			"means and what to do. Mistakes leave the same traces as attacks. Several seconds can pass before an " +
			"event is " +
			"counted here.",
		need: readAudit,
	}, s.unusual)
	mount(r, op{
		method: http.MethodGet,
		path:   "/invitations",
		id:     "list-invitations",
		title:  "Invitations that expire soon",
		text: "Pending members who have not accepted, and whose invitation expires within the time; the " +
			"soonest first.",
		need:  read,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.expiring)
}

type overviewOut struct{ Body overviewJSON }

func (s *API) overview(ctx context.Context, actor access.Actor, _ *struct{}) (*overviewOut, error) {
	o, err := s.service.Dashboard.Overview(ctx, actor)
	return &overviewOut{s.overviewOf(o)}, err
}

type daysIn struct {
	Days int `query:"days" minimum:"1" maximum:"90" default:"14" doc:"How many."`
}

type dayJSON struct {
	Day      string `json:"day" doc:"In UTC." example:"2030-05-01"`
	Invited  int    `json:"invited"`
	Accepted int    `json:"accepted" doc:"How many accepted their invitation."`
	Approved int    `json:"approved"`
	Rejected int    `json:"rejected"`
}

type daysOut struct {
	Body struct {
		Items []dayJSON `json:"items"`
		Total int       `json:"total"`
	} `nameHint:"DayList"`
}

func (s *API) days(ctx context.Context, actor access.Actor, in *daysIn) (*daysOut, error) {
	all, err := s.service.Dashboard.Days(ctx, actor, in.Days)
	out := &daysOut{}
	out.Body.Items, out.Body.Total = make([]dayJSON, len(all)), len(all)
	for i, d := range all {
		out.Body.Items[i] = dayJSON{d.Day.Format(time.DateOnly), d.Invited, d.Verified, d.Approved, d.Rejected}
	}
	return out, err
}

type expiringIn struct {
	Within string `query:"expires_within" default:"48h" maxLength:"10" doc:"From 1 minute to 30 days." example:"48h"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
}

func (s *API) expiring(ctx context.Context, actor access.Actor, in *expiringIn) (*membersOut, error) {
	within, err := parseLasts("expires_within", in.Within)
	if err == nil && (within == 0 || within > access.MaxInvitationTTL) {
		err = access.Errorf(access.Invalid, "The time span must be from 1 minute to %d days, such as 90m, 48h or 7d.",
			int(access.MaxInvitationTTL/(24*time.Hour))).
			On("expires_within").WithCode("bad_duration")
	}
	if err != nil {
		return nil, err
	}
	page, err := s.service.Invitations.Expiring(ctx, actor, within, in.Limit)
	return &membersOut{listOf(page)}, err
}

// Overview returns the counts as JSON, for callers who may read members.
func (s *API) Overview(ctx context.Context) ([]byte, error) {
	o, err := s.service.Dashboard.Shared(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s.overviewOf(o))
}

type overviewJSON struct {
	Pending            int            `json:"pending" doc:"Login requests: pending members." example:"3"`
	Accepted           int            `json:"accepted" doc:"How many of the pending have accepted the invitation and are ready to review."`
	Active             int            `json:"active"`
	Suspended          int            `json:"suspended"`
	Admins             int            `json:"admins" doc:"Active Admins."`
	Members            int            `json:"members" doc:"All accounts."`
	InvitationsExpired int            `json:"invitations_expired"`
	EmailsFailed       int            `json:"emails_failed"`
	Emails             map[string]int `json:"emails" doc:"Emails in the outbox, by state."`
	Roles              map[string]int `json:"roles" doc:"How many members have each role, in any state. A role that no one has is absent."`
	Unusual            int            `json:"unusual" doc:"Unusual events in the last 24 hours: wrong codes, unknown links and secrets, refused requests." example:"12"`
	UnusualHigh        bool           `json:"unusual_high" doc:"More than a normal day has."`
	PublicURL          string         `json:"public_url" doc:"Where links lead." example:"https://door.example.com"`
	PublicURLLocal     bool           `json:"public_url_local" doc:"Links work on this machine only."`
	Mail               mailJSON       `json:"mail"`
	ClockHeld          *clockHeldJSON `json:"clock_held,omitempty" doc:"The server's clock has jumped: nothing is deleted and nothing expires automatically. Absent if the clock is trusted."`
}

type mailJSON struct {
	Configured bool      `json:"configured" doc:"A mail server is set up. Without one, emails are held."`
	Server     string    `json:"server,omitempty" example:"smtp.example.com:587"`
	From       string    `json:"from,omitempty" example:"AI Loop <door@example.com>"`
	Paused     bool      `json:"paused,omitempty" doc:"The queue is paused until the mail server accepts emails again."`
	Detail     string    `json:"words,omitempty" doc:"What the mail server said, or why it could not be reached."`
	Since      time.Time `json:"since,omitzero"`
	NextTry    time.Time `json:"next_try,omitzero"`
	LastSent   time.Time `json:"last_sent,omitzero"`
}

func (s *API) overviewOf(o service.Overview) overviewJSON {
	out := overviewJSON{
		Pending:            o.Pending,
		Accepted:           o.Accepted,
		Active:             o.Active,
		Suspended:          o.Suspended,
		Admins:             o.Admins,
		Members:            o.Members(),
		InvitationsExpired: o.Expired,
		EmailsFailed:       o.Messages[access.MessageFailed],
		Emails:             map[string]int{},
		Roles:              map[string]int{},
		Unusual:            o.Unusual.Total,
		UnusualHigh:        o.Unusual.High,
		PublicURL:          o.PublicURL,
		PublicURLLocal:     leadsHere(o.PublicURL),
		Mail:               s.mailOf(o),
		ClockHeld:          clockHeldOf(o, s.service.Now()),
	}
	for role, n := range o.Roles {
		out.Roles[string(role)] = n
	}
	for state, n := range o.Messages {
		out.Emails[string(state)] = n
	}
	return out
}

func (s *API) mailOf(o service.Overview) mailJSON {
	h := o.Mail
	return mailJSON{
		Configured: o.MailServer,
		Server:     cmp.Or(s.mailServer, o.Settings.Mail.Server()),
		From:       s.mailFrom(o.Settings),
		Paused:     h.Paused,
		Detail:     h.Detail,
		Since:      h.Since,
		NextTry:    h.NextTry,
		LastSent:   h.LastSent,
	}
}

// leadsHere reports whether links with this base lead to this machine only.
func leadsHere(publicURL string) bool {
	u, err := url.Parse(publicURL)
	return err == nil && text.IsLoopback(u.Hostname())
}
