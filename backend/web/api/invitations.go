package api

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
	"doorward/backend/web"
)

func (s *API) mountInvitations(r *group) {
	may := web.Permission(access.May(access.DoInvite, access.ResMembers))
	mount(r, op{
		method: http.MethodPost,
		path:   "/invitations",
		id:     "invite",
		title:  "Invite",
		text: "Creates a pending member and sends the email with the login link. 409 already_member " +
			"or already_invited where the address is taken.",
		need:    may,
		answers: http.StatusCreated,
		fails:   []int{http.StatusConflict},
	}, s.invite)
	mount(r, op{
		method: http.MethodPost,
		path:   "/invitations/batch",
		id:     "invite-many",
		title:  "Invite many",
		text: "Invites each row by itself and answers with a result for each. A dry run checks all rows, stores " +
			"nothing and " +
			"sends nothing.",
		need: may,
	}, s.inviteMany)
}

// An InvitationJSON is what an Admin enters.
type InvitationJSON struct {
	Email     string   `json:"email" example:"Ada@Example.com"`
	Roles     []string `json:"roles" doc:"Built-in roles: Admin, AILoop, Fleet; or custom ones." example:"Fleet"`
	Name      string   `json:"name,omitempty" example:"Ada Lovelace"`
	Note      string   `json:"note,omitempty" doc:"Plain text, included in the email."`
	Language  string   `json:"language,omitempty" doc:"Of their emails, as a BCP 47 tag; yours if it is left out." example:"de"`
	ExpiresIn string   `json:"expires_in,omitempty" doc:"When the invitation expires: after 1 hour to 30 days." example:"7d"`
}

func (j *InvitationJSON) parse() (in service.NewInvitation, err error) {
	if in.Email, err = address.Parse(j.Email); err != nil {
		return in, err
	}
	if j.Language != "" {
		if in.Language, err = access.ParseLanguage(j.Language); err != nil {
			return in, err
		}
	}
	in.TTL, err = parseLasts("expires_in", j.ExpiresIn)
	in.Roles, in.Name, in.Note = roleNames(j.Roles), j.Name, j.Note
	return in, err
}

type inviteIn struct {
	Body struct {
		InvitationJSON
		PrintLink bool `json:"print_link,omitempty" doc:"Answer with the login link. Accepting with it does not verify the address. Only on the server's command line."`
	}
}

type invitedJSON struct {
	MemberJSON
	RejectedBefore *rejectionJSON `json:"rejected_before,omitempty" doc:"This address was rejected before."`
	LoginLink      string         `json:"login_link,omitempty" doc:"Only with print_link."`
}

type inviteOut struct {
	Location string `header:"Location"`
	Body     invitedJSON
}

func (s *API) invite(ctx context.Context, actor access.Actor, in *inviteIn) (*inviteOut, error) {
	if in.Body.PrintLink && !actor.IsOperator() {
		return nil, access.Errorf(access.Forbidden,
			"The link of an emailed invitation can be shown only on the server's command line. To share a link "+
				"yourself, use “login-link” for the member: it creates a new one.").
			On("print_link").WithCode("operator_only")
	}
	want, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	want.HandOver = in.Body.PrintLink
	got, err := s.service.Invitations.Invite(ctx, actor, want)
	if err != nil {
		return nil, err
	}
	out := &inviteOut{Location: "/api/v1/members/" + string(got.Member.ID)}
	out.Body = invitedJSON{MemberJSON: memberOf(got.Member), RejectedBefore: rejectedBefore(got)}
	if in.Body.PrintLink {
		out.Body.LoginLink = got.Link
	}
	return out, nil
}

func rejectedBefore(i service.InvitationResult) *rejectionJSON {
	if i.RejectedBefore == nil {
		return nil
	}
	return &rejectionJSON{At: i.RejectedBefore.At, By: actorName(i.RejectedBefore.By)}
}

type inviteManyIn struct {
	Body struct {
		DryRun      bool             `json:"dry_run,omitempty" doc:"Check all rows; store and send nothing."`
		Invitations []InvitationJSON `json:"invitations" maxItems:"1000"`
	}
}

type batchJSON struct {
	Results []rowJSON `json:"results" doc:"One for each row, in the same order."`
	OK      int       `json:"ok"`
	Failed  int       `json:"failed"`
}

type rowJSON struct {
	Row            int            `json:"row" doc:"From 1." example:"1"`
	OK             bool           `json:"ok"`
	Email          string         `json:"email" doc:"As it was entered."`
	Member         *MemberJSON    `json:"member,omitempty" doc:"Absent in a dry run."`
	Error          *rowErrorJSON  `json:"error,omitempty"`
	RejectedBefore *rejectionJSON `json:"rejected_before,omitempty"`
}

type rowErrorJSON struct {
	Code   string `json:"code" example:"already_member"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty" example:"email"`
}

type inviteManyOut struct{ Body batchJSON }

func (s *API) inviteMany(ctx context.Context, actor access.Actor, in *inviteManyIn) (*inviteManyOut, error) {
	c := actorIn(ctx)
	rows, good, at := readRows(c, in.Body.Invitations)
	results, err := s.service.Invitations.InviteMany(ctx, actor, good, in.Body.DryRun)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		row := &rows[at[i]]
		if row.refuse(c, r.Err); r.Err != nil {
			s.logRow(ctx, row.Row, r.Err)
			continue
		}
		row.OK, row.RejectedBefore = true, rejectedBefore(r.Invited)
		if !in.Body.DryRun {
			m := memberOf(r.Invited.Member)
			row.Member = &m
		}
	}
	out := batchJSON{Results: rows}
	for _, r := range rows {
		if r.OK {
			out.OK++
		} else {
			out.Failed++
		}
	}
	return &inviteManyOut{out}, nil
}

// readRows parses all rows. good are the valid ones, and at the position of each;
// the others get their error.
func readRows(c *fiber.Ctx, all []InvitationJSON) (rows []rowJSON, good []service.NewInvitation, at []int) {
	rows, first := make([]rowJSON, len(all)), map[string]int{}
	for i := range all {
		rows[i] = rowJSON{Row: i + 1, Email: access.Shorten(all[i].Email, 254)}
		in, err := all[i].parse()
		if err == nil {
			if before, twice := first[in.Email.Canonical]; twice {
				err = access.Errorf(access.Conflict, "Duplicate of row %d.", before).
					On("email").WithCode("duplicate_row")
			}
		}
		if err != nil {
			rows[i].refuse(c, err)
			continue
		}
		first[in.Email.Canonical] = i + 1
		good, at = append(good, in), append(at, i)
	}
	return rows, good, at
}

func (r *rowJSON) refuse(c *fiber.Ctx, err error) {
	if err != nil {
		e := access.Explain(err)
		r.Error = &rowErrorJSON{Code: e.Code, Detail: web.Say(c, e), Field: e.Field}
	}
}

// logRow logs the cause of a row that failed with an internal error.
func (s *API) logRow(ctx context.Context, row int, err error) {
	if access.Explain(err).Kind == access.Internal {
		s.web.Log.ErrorContext(ctx, "a row of a batch failed", "row", row, "err", err)
	}
}
