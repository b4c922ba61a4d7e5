package api

import (
	"context"
	"net/http"
	"strings"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

func (s *API) mountMembers(r *group) {
	read := web.Permission(readMembers)
	decide := web.Permission(access.May(access.Decide, access.ResMembers))
	invite := web.Permission(access.May(access.DoInvite, access.ResMembers))
	change := web.Permission(access.May(access.Change, access.ResMembers))
	conflict := []int{http.StatusConflict}

	mount(r, op{
		method: http.MethodGet,
		path:   "/members",
		id:     "list-members",
		title:  "Members",
		text: "Newest invitation first, or in the order of sort; with q, those whose name or address has all these " +
			"parts, in an order of their own. If a filter matches few of many thousands of members, a page may be " +
			"shorter than its limit and still have a next one.",
		need:  read,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.members)
	mount(r, op{
		method: http.MethodGet,
		path:   "/members/{id}",
		id:     "get-member",
		title:  "One member",
		text:   "One member, with the delivery of their last email.",
		need:   read,
	}, s.oneMember)
	mount(r, op{
		method: http.MethodPatch,
		path:   "/members/{id}",
		id:     "change-member",
		title:  "Change roles, name or internal note",
		text: "Changes the roles, the name or the internal note: one of them in a request. Roles take effect on " +
			"the next " +
			"request of " +
			"every open session. Roles that give more in the console than before: " + needsConfirmation,
		need:  change,
		fails: conflict,
	}, s.changeMember)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/members/{id}",
		id:     "remove-member",
		title:  "Remove",
		text:   "Deletes a member and everything that belongs to the account.",
		need:   change,
		fails:  conflict,
	}, s.removeMember)

	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/approve",
		id:     "approve",
		title:  "Approve",
		text: "Approves a pending member, with these roles or those of the invitation. 409 already_decided says " +
			"who was " +
			"faster, and when. Roles that manage something in the console: " + needsConfirmation,
		need:  decide,
		fails: conflict,
	}, s.approve)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/reject",
		id:     "reject",
		title:  "Reject and delete",
		text: "Rejects a pending member and deletes the account. What stays is an audit entry without the " +
			"address, and a keyed hash of it.",
		need:  decide,
		fails: conflict,
	}, s.reject)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/resend",
		id:     "resend",
		title:  "Resend the invitation",
		text:   "Renews the invitation and sends a new email. The older link stops working.",
		need:   invite,
		fails:  conflict,
	}, s.resend)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/login-link",
		id:     "make-login-link",
		title:  "Create a link to hand over",
		text:   "Creates a new invitation link. The emailed one stops working.",
		need:   invite,
		fails:  conflict,
	}, s.loginLink)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/suspend",
		id:     "suspend",
		title:  "Suspend",
		text:   "Suspends a member: sessions and links stop working at once.",
		need:   change,
		fails:  conflict,
	}, s.suspend)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/undo",
		id:     "undo",
		title:  "Undo",
		text: "Takes back the last approval, suspension or change of roles of a member, until undo_until. Only " +
			"the person who made it in the console can do so. Sessions that it ended are open again, and the email " +
			"about it is not sent. 409 nothing_to_undo or undo_expired.",
		need:  read, // what was done decides which permission it needs: the verb asks for it
		fails: conflict,
	}, s.undo)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/unsuspend",
		id:     "unsuspend",
		title:  "Restore",
		text:   "Restores a suspended member. If they manage something in the console: " + needsConfirmation,
		need:   change,
		fails:  conflict,
	}, s.unsuspend)
}

// Paging selects a part of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next of the previous page."`
}

func (p *Paging) cursor() string { return strings.Clone(p.Cursor) }

// A MembersFilter selects members, in the API's words.
type MembersFilter struct {
	State  string `query:"state" doc:"pending, active or suspended." example:"active"`
	Status string `query:"status" doc:"invited, expired (before it was accepted), accepted (ready to review), active or suspended." example:"accepted"`
	Role   string `query:"role" example:"Fleet"`
	Sort   string `query:"sort" doc:"The order: name, email, added (by the invitation) or last_sign_in; a minus sign before it reverses it. Absent: -added. Not together with q. A cursor belongs to its order." example:"-last_sign_in"`
	Words  string `query:"q" doc:"Parts of the name or the address; all must match. A word finds anywhere from three characters on, or two with Han, kana or hangul; a shorter one finds by the beginning of a word." example:"ada example.com"`
}

func (f MembersFilter) query() (q service.MemberQuery, err error) {
	if f.State != "" {
		if q.State, err = access.ParseState(strings.Clone(f.State)); err != nil {
			return q, err
		}
	}
	if f.Status != "" {
		if q.Status, err = access.ParseStatus(strings.Clone(f.Status)); err != nil {
			return q, err
		}
	}
	if f.Sort != "" {
		if q.Sort, err = access.ParseOrder(strings.Clone(f.Sort)); err != nil {
			return q, err
		}
	}
	role, err := access.CleanText("role", f.Role, 40)
	if err != nil {
		return q, err
	}
	q.Role = access.RoleName(role)
	q.Words, err = access.CleanText("q", f.Words, 200)
	return q, err
}

type membersIn struct {
	MembersFilter
	Paging
}

type membersOut struct{ Body MemberListJSON }

func (s *API) members(ctx context.Context, actor access.Actor, in *membersIn) (*membersOut, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Cursor, q.Limit = in.cursor(), in.Limit
	page, err := s.service.Members.List(ctx, actor, q)
	return &membersOut{listOf(page)}, err
}

// MemberPath is the member that an operation acts on.
type MemberPath struct {
	ID string `path:"id" doc:"The member's id." example:"mfrggzdfmztwq2lknnwg23tpoa"`
}

func (p *MemberPath) id() (access.MemberID, error) { return access.ParseMemberID(p.ID) }

type memberIn struct{ MemberPath }

// A bareIn is the input of verbs without parameters: no body, or an empty object.
type bareIn struct {
	MemberPath
	Body *emptyJSON
}

type emptyJSON struct{}

type memberOut struct{ Body MemberJSON }

func memberAnswer(c service.MemberView, err error) (*memberOut, error) {
	if err != nil {
		return nil, err
	}
	return &memberOut{memberOf(c)}, nil
}

func (s *API) oneMember(ctx context.Context, actor access.Actor, in *memberIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Members.Get(ctx, actor, id))
}

type changeMemberIn struct {
	MemberPath
	Body struct {
		Roles []string `json:"roles,omitempty" example:"AILoop,Fleet"`
		Name  *string  `json:"name,omitempty" example:"Ada Lovelace"`
		Note  *string  `json:"internal_note,omitempty" doc:"For other Admins; empty deletes it. At most 2,000 characters." example:"Works with us until June."`
	}
}

func (s *API) changeMember(ctx context.Context, actor access.Actor, in *changeMemberIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	switch roles, name, note := in.Body.Roles, in.Body.Name, in.Body.Note; {
	case roles != nil && name == nil && note == nil:
		return memberAnswer(s.service.Members.ChangeRoles(ctx, actor, id, roleNames(roles)))
	case roles == nil && name != nil && note == nil:
		return memberAnswer(s.service.Members.Rename(ctx, actor, id, *name))
	case roles == nil && name == nil && note != nil:
		return memberAnswer(s.service.Members.WriteNote(ctx, actor, id, *note))
	}
	return nil, access.Errorf(access.Invalid, "Send only one of roles, name and internal_note in a request.").
		WithCode("one_change")
}

type nothing struct{}

func (s *API) removeMember(ctx context.Context, actor access.Actor, in *memberIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, s.service.Members.Remove(ctx, actor, id)
}

type approveIn struct {
	MemberPath
	Body *approveJSON
}

type approveJSON struct {
	Roles []string `json:"roles,omitempty" doc:"Absent: the roles of the invitation." example:"Fleet"`
}

func (s *API) approve(ctx context.Context, actor access.Actor, in *approveIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	var roles []access.RoleName
	if in.Body != nil {
		roles = roleNames(in.Body.Roles)
	}
	return memberAnswer(s.service.Members.Approve(ctx, actor, id, roles))
}

type rejectIn struct {
	MemberPath
	Body *rejectJSON
}

type rejectJSON struct {
	Reason   string `json:"reason,omitempty" doc:"Included in the email; stored nowhere else."`
	TellThem bool   `json:"tell_them,omitempty" doc:"Notify them by email."`
}

func (s *API) reject(ctx context.Context, actor access.Actor, in *rejectIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	var why rejectJSON
	if in.Body != nil {
		why = *in.Body
	}
	return nil, s.service.Members.Reject(ctx, actor, id, why.Reason, why.TellThem)
}

func (s *API) resend(ctx context.Context, actor access.Actor, in *bareIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Invitations.Resend(ctx, actor, id))
}

func (s *API) suspend(ctx context.Context, actor access.Actor, in *bareIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Members.Suspend(ctx, actor, id))
}

func (s *API) unsuspend(ctx context.Context, actor access.Actor, in *bareIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Members.Unsuspend(ctx, actor, id))
}

func (s *API) undo(ctx context.Context, actor access.Actor, in *bareIn) (*memberOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Members.Undo(ctx, actor, id))
}

type linkJSON struct {
	LoginLink string `json:"login_link" doc:"Works once. Don't share it with anyone else." example:"https://door.example.com/login/…"`
}

type linkOut struct{ Body linkJSON }

func (s *API) loginLink(ctx context.Context, actor access.Actor, in *bareIn) (*linkOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	link, err := s.service.Invitations.CopyLink(ctx, actor, id)
	return &linkOut{linkJSON{link}}, err
}
