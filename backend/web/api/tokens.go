package api

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// A TokenJSON is an API token without its secret.
type TokenJSON struct {
	ID        string    `json:"id"`
	Name      string    `json:"name" example:"nightly report"`
	Roles     []string  `json:"roles" example:"Fleet"`
	Owner     string    `json:"owner,omitempty" doc:"The id of the member it acts for; absent where the operator made it."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Absent: it never expires. An older version created it. Create a new one in its place."`
	UsedAt    time.Time `json:"used_at,omitzero" doc:"Last use, to the minute."`
}

func tokenOf(t access.Token) TokenJSON {
	return TokenJSON{
		ID:        string(t.ID),
		Name:      t.Name,
		Roles:     text.Strings(t.Roles),
		Owner:     string(t.Owner),
		CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt,
		UsedAt:    t.UsedAt,
	}
}

type tokensOut struct {
	Body struct {
		Items []TokenJSON `json:"items"`
		Total int         `json:"total"`
	} `nameHint:"TokenList"`
}

func (s *API) tokens(ctx context.Context, actor access.Actor, _ *struct{}) (*tokensOut, error) {
	all, err := s.service.Tokens.List(ctx, actor)
	out := &tokensOut{}
	out.Body.Items, out.Body.Total = make([]TokenJSON, len(all)), len(all)
	for i, t := range all {
		out.Body.Items[i] = tokenOf(t)
	}
	return out, err
}

type createTokenIn struct {
	Body struct {
		Name      string   `json:"name" doc:"What it is for." example:"nightly report"`
		Roles     []string `json:"roles" example:"Fleet"`
		ExpiresIn string   `json:"expires_in,omitempty" doc:"From 1 hour to lifetimes.token_longest of the settings, 366 days unless changed. Absent: lifetimes.token, 90 days unless changed." example:"90d"`
	}
}

type createdTokenJSON struct {
	TokenJSON
	Token string `json:"token" doc:"The secret. It is not shown again." example:"dw_…"`
}

type createTokenOut struct{ Body createdTokenJSON }

func (s *API) createToken(ctx context.Context, actor access.Actor, in *createTokenIn) (*createTokenOut, error) {
	lasts, err := parseLasts("expires_in", in.Body.ExpiresIn)
	if err != nil {
		return nil, err
	}
	t, secret, err := s.service.Tokens.Create(ctx, actor, in.Body.Name, roleNames(in.Body.Roles), lasts)
	return &createTokenOut{createdTokenJSON{tokenOf(t), secret.Reveal()}}, err
}

type tokenIn struct {
	ID string `path:"id" doc:"The token's id."`
}

func (s *API) revokeToken(ctx context.Context, actor access.Actor, in *tokenIn) (*nothing, error) {
	id, err := access.ParseTokenID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.service.Tokens.Revoke(ctx, actor, id)
}
