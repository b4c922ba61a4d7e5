package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
	"doorward/backend/web"
)

func (s *API) mountCheck(r *group) {
	mount(r, op{
		method: http.MethodPost,
		path:   "/invitations/check",
		id:     "check-invitation",
		title:  "Check an invitation",
		text: "Checks an address, and the roles if they are given. Stores and sends nothing. What would " +
			"be refused is said in the answer, with its code.",
		need: web.Permission(access.May(access.DoInvite, access.ResMembers)),
	}, s.checkInvitation)
}

type checkIn struct {
	Body struct {
		Email string   `json:"email" example:"Ada@Example.com"`
		Roles []string `json:"roles,omitempty" doc:"Absent if no roles are chosen yet." example:"Fleet"`
	}
}

type checkedJSON struct {
	OK             bool           `json:"ok" doc:"The invitation would be accepted as it is."`
	Email          string         `json:"email" doc:"As it was entered."`
	EmailCanonical string         `json:"email_canonical,omitempty" doc:"The normalized address." example:"ada@example.com"`
	Error          *rowErrorJSON  `json:"error,omitempty" doc:"Why it would be refused: already_member, already_invited, role_above_own, …"`
	Member         *holderJSON    `json:"member,omitempty" doc:"Who has the address already."`
	RejectedBefore *rejectionJSON `json:"rejected_before,omitempty" doc:"This address was rejected before."`
	SimilarDomain  string         `json:"similar_domain,omitempty" doc:"A well-known domain that differs from this one by one letter." example:"example.com"`
	Admin          bool           `json:"admin,omitempty" doc:"The roles include Admin."`
	LinksLeadTo    string         `json:"links_lead_to" doc:"Where the link in the email will point." example:"https://door.example.com"`
	LinksLocal     bool           `json:"links_local,omitempty" doc:"Links work on this machine only."`
	Mail           mailJSON       `json:"mail"`
}

type holderJSON struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
	State string `json:"state" enum:"pending,active,suspended"`
}

type checkOut struct{ Body checkedJSON }

func (s *API) checkInvitation(ctx context.Context, actor access.Actor, in *checkIn) (*checkOut, error) {
	out := &checkOut{checkedJSON{
		Email:       access.Shorten(in.Body.Email, 254),
		LinksLeadTo: s.service.PublicURL(),
		LinksLocal:  leadsHere(s.service.PublicURL()),
	}}
	to, wrong := address.Parse(in.Body.Email)
	if access.Explain(wrong).Kind == access.Internal && wrong != nil {
		return nil, wrong
	}
	got, err := s.service.Invitations.Check(ctx, actor, service.NewInvitation{
		Email: to,
		Roles: roleNames(in.Body.Roles),
	})
	if err != nil {
		return nil, err
	}
	out.Body.fill(s, actorIn(ctx), to, cmp.Or(wrong, got.Refused), got)
	return out, nil
}

func (j *checkedJSON) fill(
	s *API,
	c *fiber.Ctx,
	to access.Address,
	refused error,
	got service.InvitationCheck,
) {
	j.OK, j.EmailCanonical, j.SimilarDomain, j.Admin, j.Mail = refused == nil, to.Canonical, got.Similar, got.Admin,
		s.mailOf(got.Overview)
	if refused != nil {
		e := access.Explain(refused)
		j.Error = &rowErrorJSON{Code: e.Code, Detail: web.Say(c, e), Field: e.Field}
	}
	if m := got.Holder; m != nil {
		j.Member = &holderJSON{ID: string(m.ID), Email: m.Email.Typed, Name: m.Name, State: string(m.State)}
	}
	j.RejectedBefore = rejectedBefore(service.InvitationResult{RejectedBefore: got.RejectedBefore})
}
