package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
	"doorward/backend/web"
)

func (s *API) mountMe(r *group) {
	mount(r, op{
		method: http.MethodGet,
		path:   "/me",
		id:     "get-me",
		title:  "Who am I",
		text:   "Your state, roles and permissions now.",
		need:   web.Member(),
	}, s.me)
	s.mountConfirmation(r)
	mount(r, op{
		method: http.MethodPatch,
		path:   "/me",
		id:     "change-me",
		title:  "Change my name, language or notifications",
		text: "Changes your own name, chooses the language of your emails, or turns your emails about pending " +
			"requests on or off: one of them in a request. A token can change neither name nor language.",
		need: web.Member(),
	}, s.changeMe)
}

type meJSON struct {
	ID             string    `json:"id,omitempty"`
	Workspace      string    `json:"workspace" doc:"The name of the workspace that this is." example:"AI Loop"`
	Email          string    `json:"email,omitempty" example:"Ada@Example.com"`
	EmailCanonical string    `json:"email_canonical,omitempty"`
	Name           string    `json:"name,omitempty" example:"Ada Lovelace"`
	Language       string    `json:"language" doc:"Of your emails." example:"de"`
	State          string    `json:"state" enum:"active" example:"active"`
	Roles          []string  `json:"roles" example:"Fleet"`
	Permissions    []string  `json:"permissions" doc:"The permissions. A token has those of its roles, and never more than its owner." example:"open fleet,open fleet/flows"`
	NotifyRequests bool      `json:"notify_requests" doc:"You get emails about pending requests."`
	SignInMethod   string    `json:"sign_in_method" enum:"link,code,setup,rescue,desktop,token,operator" doc:"How you signed in."`
	ExpiresAt      time.Time `json:"session_expires_at,omitzero" doc:"When this session ends if it is not used until then; absent for tokens and the operator."`
	ConfirmedUntil time.Time `json:"confirmed_until,omitzero" doc:"Until when this session needs no further confirmation; absent where it needs one, and for tokens and the operator."`
}

type meOut struct{ Body meJSON }

func (s *API) me(ctx context.Context, _ access.Actor, _ *struct{}) (*meOut, error) {
	return &meOut{s.meOf(ctx)}, nil
}

// meOf describes the caller; without a principal, the operator.
func (s *API) meOf(ctx context.Context) meJSON {
	p := web.PrincipalOf(actorIn(ctx))
	if p == nil {
		return meJSON{
			Workspace:    s.web.Workspace(ctx),
			Name:         "the operator",
			Language:     string(access.English),
			State:        string(access.Active),
			Roles:        []string{},
			Permissions:  permissionPhrases(access.Grantable()),
			SignInMethod: "operator",
		}
	}
	var may []access.Permission
	for _, g := range access.Grantable() {
		if p.Permissions[g] {
			may = append(may, g)
		}
	}
	m := p.Member
	me := meJSON{
		ID:           string(m.ID),
		Workspace:    s.web.Workspace(ctx),
		Email:        m.Email.Typed,
		Name:         m.Name,
		Language:     string(m.Language.Or(access.English)),
		State:        string(access.Active),
		Roles:        text.Strings(m.Roles),
		Permissions:  permissionPhrases(may),
		SignInMethod: cmp.Or(access.MethodName(p.Method), "token"),
	}
	if m.Email.Canonical != m.Email.Typed {
		me.EmailCanonical = m.Email.Canonical
	}
	me.ExpiresAt = p.ExpiresAt()
	me.ConfirmedUntil = p.ConfirmedUntil(s.service.Now())
	me.NotifyRequests = !m.MuteDigest && p.Permissions[access.May(access.Decide, access.ResMembers)]
	return me
}

type changeMeIn struct {
	Body struct {
		NotifyRequests *bool   `json:"notify_requests,omitempty"`
		Language       *string `json:"language,omitempty" doc:"A BCP 47 tag." example:"de"`
		Name           *string `json:"name,omitempty" example:"Ada Lovelace"`
	}
}

func (s *API) changeMe(ctx context.Context, actor access.Actor, in *changeMeIn) (_ *meOut, err error) {
	me := s.meOf(ctx)
	switch notify, tag, name := in.Body.NotifyRequests, in.Body.Language, in.Body.Name; {
	case notify != nil && tag == nil && name == nil:
		me.NotifyRequests = *notify
		err = s.service.Account.MuteDigest(ctx, actor, !*notify)
	case notify == nil && tag != nil && name == nil:
		me.Language, err = s.speak(ctx, actor, *tag)
	case notify == nil && tag == nil && name != nil:
		me.Name, err = s.service.Account.Rename(ctx, actor, *name)
	default:
		err = access.Errorf(access.Invalid, "Send only one of name, language and notify_requests in a request.").
			WithCode("one_change")
	}
	return &meOut{me}, err
}

// speak chooses the language of the caller's emails and returns its tag.
func (s *API) speak(ctx context.Context, actor access.Actor, tag string) (string, error) {
	l, err := access.ParseLanguage(tag)
	if err != nil {
		return "", err
	}
	return string(l), s.service.Account.SetLanguage(ctx, actor, l)
}
