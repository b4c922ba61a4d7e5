package api

import (
	"context"
	"net/http"

	"doorward/backend/access"
	"doorward/backend/web"
)

func (s *API) mountDesktop(r *group) {
	mount(r, op{
		method: http.MethodPost,
		path:   "/desktop",
		id:     "enter-window",
		title:  "Sign a native window in",
		text: "Redeems the code that a member got at /window, once, with the secret behind its " +
			"code_challenge. The answer's secret is sent as a bearer token.",
		need:    web.Public(),
		answers: http.StatusCreated,
		fails:   []int{http.StatusGone},
	}, s.signInDesktop)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/desktop",
		id:     "leave-window",
		title:  "Sign a native window out",
		text:   "Ends the session of the window that sends this request.",
		need:   web.Member(),
	}, s.signOutDesktop)
}

type enterWindowIn struct {
	Body struct {
		Code     string `json:"code"`
		Verifier string `json:"code_verifier" doc:"The secret whose SHA-256, in base64url, was the code_challenge."`
	}
}

type enterWindowOut struct {
	Body struct {
		Secret    string `json:"secret" doc:"Shown only once."`
		Email     string `json:"email" doc:"Who it acts for."`
		Name      string `json:"name,omitempty" doc:"Their name."`
		Workspace string `json:"workspace"`
	} `nameHint:"WindowSession"`
}

func (s *API) signInDesktop(ctx context.Context, _ access.Actor, in *enterWindowIn) (*enterWindowOut, error) {
	c := actorIn(ctx)
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return nil, err
	}
	b := s.web.Cookies.Browser(c)
	b.Secret = access.Secret(in.Body.Verifier)
	e, err := s.service.SignIn.RedeemDesktopCode(ctx, access.Secret(in.Body.Code), b)
	if err != nil {
		return nil, err
	}
	out := &enterWindowOut{}
	out.Body.Secret = e.Session.Reveal()
	out.Body.Email, out.Body.Name = e.Member.Email.Typed, e.Member.Name
	out.Body.Workspace = s.web.Workspace(ctx)
	return out, nil
}

func (s *API) signOutDesktop(ctx context.Context, actor access.Actor, _ *struct{}) (*nothing, error) {
	c := actorIn(ctx)
	if p := web.PrincipalOf(c); p == nil || p.Method != access.MethodDesktop {
		return nil, access.Errorf(access.Invalid, "Only the desktop app can sign out here.").WithCode("not_a_window")
	}
	return nil, s.service.Gate.SignOut(ctx, actor, web.SecretOf(c))
}
