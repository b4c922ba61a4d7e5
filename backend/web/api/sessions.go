package api

import (
	"context"
	"net/http"
	"time"

	"doorward/backend/access"
	"doorward/backend/web"
)

func (s *API) mountSessions(r *group) {
	mount(r, op{
		method: http.MethodGet,
		path:   "/members/{id}/sessions",
		id:     "list-sessions",
		title:  "Active sessions",
		text:   "Where a member is signed in: you, or, with the permission to read members, anyone.",
		need:   web.Member(),
	}, s.sessions)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/members/{id}/sessions/{session}",
		id:     "end-session",
		title:  "End one session",
		text:   "Ends one session of a member: yours, or, with the permission to change members, anyone's.",
		need:   web.Member(),
	}, s.endSession)
	mount(r, op{
		method: http.MethodPost,
		path:   "/members/{id}/sign-out",
		id:     "sign-out",
		title:  "Sign out everywhere",
		text: "Ends all sessions of a member: yours, or, with the permission to change members, anyone's; with " +
			"tokens also their " +
			"API tokens.",
		need: web.Member(),
	}, s.signOut)
}

type signOutIn struct {
	MemberPath
	Body *signOutJSON
}

type signOutJSON struct {
	Tokens bool `json:"tokens,omitempty" doc:"Revoke the member's API tokens as well."`
}

func (s *API) signOut(ctx context.Context, actor access.Actor, in *signOutIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, s.service.Sessions.SignOutEverywhere(ctx, actor, id, in.Body != nil && in.Body.Tokens)
}

type sessionJSON struct {
	ID       string    `json:"id" doc:"Identifies it; grants nothing."`
	Current  bool      `json:"current,omitempty" doc:"The session of this request."`
	Method   string    `json:"method" enum:"link,code,setup,rescue,desktop" doc:"How it was opened."`
	OpenedAt time.Time `json:"opened_at"`
	SeenAt   time.Time `json:"seen_at" doc:"Last use, to the minute."`
	From     string    `json:"from,omitempty" example:"192.0.2.7"`
	Agent    string    `json:"agent,omitempty" doc:"The browser, as it identifies itself."`
}

type sessionsOut struct {
	Body struct {
		Items  []sessionJSON `json:"items"`
		Total  int           `json:"total"`
		Tokens int           `json:"tokens" doc:"How many API tokens the member owns."`
	} `nameHint:"SessionList"`
}

func (s *API) sessions(ctx context.Context, actor access.Actor, in *memberIn) (*sessionsOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	all, err := s.service.Sessions.List(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	tokens, err := s.service.Tokens.Owned(ctx, actor, id)
	var asking access.SecretHash
	if secret := web.SecretOf(actorIn(ctx)); secret != "" {
		asking = secret.Hash()
	}
	out := &sessionsOut{}
	out.Body.Items, out.Body.Total = make([]sessionJSON, len(all)), len(all)
	out.Body.Tokens = tokens
	for i, x := range all {
		out.Body.Items[i] = sessionJSON{
			ID:       x.ID(),
			Current:  x.Hash == asking,
			Method:   access.MethodName(x.Method),
			OpenedAt: x.OpenedAt,
			SeenAt:   x.SeenAt,
			From:     x.Address,
			Agent:    x.UserAgent,
		}
	}
	return out, err
}

type endSessionIn struct {
	MemberPath
	Session string `path:"session" doc:"The session's id."`
}

func (s *API) endSession(ctx context.Context, actor access.Actor, in *endSessionIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, s.service.Sessions.End(ctx, actor, id, in.Session)
}
