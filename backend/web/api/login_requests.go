package api

import (
	"context"
	"net/http"
	"strings"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

func (s *API) mountLoginRequests(r *group) {
	mount(r, op{
		method: http.MethodGet,
		path:   "/login-requests",
		id:     "list-login-requests",
		title:  "Login requests",
		text: "Pending members: those who accepted first, then the oldest, or with sort=-added the newest; with q, " +
			"those whose name or address has all these parts. If a filter matches few of many thousands of " +
			"requests, a page may be shorter than its limit and still have a next one.",
		need:  web.Permission(readMembers),
		fails: []int{http.StatusUnprocessableEntity},
	}, s.loginRequests)
}

type requestsIn struct {
	Role      string `query:"role" doc:"Only requests for this role." example:"Fleet"`
	InvitedBy string `query:"invited_by" doc:"Only people whom this member or API token invited, by id, or operator. inviters has who they are. Not together with q." example:"mfrggzdfmztwq2lknnwg23tpoa"`
	Verified  string `query:"verified" enum:"true,false" doc:"Only people whose email is verified, or only the others, also those who accepted by a link that was handed over. Not together with q."`
	Sort      string `query:"sort" doc:"added, the oldest first, or -added, the newest first; those who accepted come first in both. Absent: added. Not together with q. A cursor belongs to its order." example:"-added"`
	Words     string `query:"q" doc:"Parts of the name or the address; all must match. A word finds anywhere from three characters on, or two with Han, kana or hangul; a shorter one finds by the beginning of a word." example:"ada example.com"`
	Paging
}

func (in *requestsIn) query() (q service.RequestQuery, err error) {
	if in.Sort != "" {
		if q.Sort, err = access.ParseRequestOrder(strings.Clone(in.Sort)); err != nil {
			return q, err
		}
	}
	if in.InvitedBy != "" {
		if q.InvitedBy, err = access.ParseInviter(strings.Clone(in.InvitedBy)); err != nil {
			return q, err
		}
	}
	if in.Verified != "" {
		verified := in.Verified == "true"
		q.Verified = &verified
	}
	role, err := access.CleanText("role", in.Role, 40)
	if err != nil {
		return q, err
	}
	q.Role = access.RoleName(role)
	q.Cursor, q.Limit = in.cursor(), in.Limit
	q.Words, err = access.CleanText("q", in.Words, 200)
	return q, err
}

type requestListJSON struct {
	MemberListJSON
	Inviters []inviterJSON `json:"inviters" doc:"Who invited the people of the first 1,000 requests, whatever the filter; at most 50."`
}

type inviterJSON struct {
	ID   string `json:"id" doc:"For the parameter invited_by." example:"mfrggzdfmztwq2lknnwg23tpoa"`
	Name string `json:"name" doc:"As in invited_by of a member." example:"ada@example.com"`

	MemberName string `json:"member_name,omitempty" doc:"As in invited_by_name of a member." example:"Ada Lovelace"`
}

type requestsOut struct{ Body requestListJSON }

func (s *API) loginRequests(ctx context.Context, actor access.Actor, in *requestsIn) (*requestsOut, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	page, err := s.service.Members.LoginRequests(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	list := requestListJSON{MemberListJSON: listOf(page.MemberPage), Inviters: []inviterJSON{}}
	for _, by := range page.Inviters {
		list.Inviters = append(list.Inviters, inviterJSON{string(by.ID), by.Name, by.MemberName})
	}
	return &requestsOut{list}, nil
}
