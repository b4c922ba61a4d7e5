package web

import (
	"context"
	"net/http"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/desk"
)

func (s *Server) mountSettings(r *room) {
	read, change := permission(access.May(access.Read, access.ResSettings)), permission(access.May(access.Change, access.ResSettings))
	mount(r, op{http.MethodGet, "/settings", "get-settings", "Settings",
		"What an Admin can change while Doorward runs, and, read-only, how it was started.", read, 0, nil}, s.settings)
	mount(r, op{http.MethodPatch, "/settings", "change-settings", "Change settings", "Changes what is given and leaves the rest.", change, 0, nil}, s.changeSettings)
	mount(r, op{http.MethodPost, "/settings/mail/test", "test-mail", "Send a test letter",
		"Posts a test letter to one's own address.", change, 0, nil}, s.testMail)
	mount(r, op{http.MethodGet, "/tokens", "list-tokens", "API tokens", "All API tokens, without their secrets.", read, 0, nil}, s.tokens)
	mount(r, op{http.MethodPost, "/tokens", "make-token", "Make an API token",
		"Makes an API token and shows it, this once. It may do what its roles may, within what its owner may at the time.", change, http.StatusCreated, []int{http.StatusConflict}}, s.makeToken)
	mount(r, op{http.MethodDelete, "/tokens/{id}", "revoke-token", "Revoke an API token", "Makes it worth nothing at once.", change, 0, nil}, s.revokeToken)
}

type settingsJSON struct {
	Workspace           string   `json:"workspace" example:"AI Loop"`
	InvitationExpiresIn string   `json:"invitation_expires_in" doc:"How long invitations last, unless said otherwise." example:"7d"`
	PublicURL           string   `json:"public_url" doc:"Where links lead. Set when the server starts." example:"https://door.example.com"`
	Mail                mailJSON `json:"mail" doc:"Set when the server starts."`
}

type settingsOut struct{ Body settingsJSON }

func (s *Server) settings(ctx context.Context, by access.By, _ *struct{}) (*settingsOut, error) {
	kept, err := s.desk.Settings(ctx, by)
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, by, kept)
}

// settingsAnswer adds how mail fares, for whoever may see the overview.
func (s *Server) settingsAnswer(ctx context.Context, by access.By, kept access.Settings) (*settingsOut, error) {
	o, err := s.desk.Overview(ctx, by)
	if access.Forbidden.Is(err) {
		o, err = desk.Overview{MailServer: s.mailServer != ""}, nil
	}
	out := settingsJSON{Workspace: kept.Workspace, InvitationExpiresIn: lastsWords(kept.Invitation.Std()), PublicURL: s.publicURL, Mail: mailOf(o.MailServer, o.Mail)}
	out.Mail.Server, out.Mail.From = s.mailServer, s.mailFrom
	return &settingsOut{out}, err
}

type changeSettingsIn struct {
	Body struct {
		Workspace           *string `json:"workspace,omitempty" example:"AI Loop"`
		InvitationExpiresIn *string `json:"invitation_expires_in,omitempty" doc:"From 1 hour to 30 days." example:"7d"`
	}
}

func (s *Server) changeSettings(ctx context.Context, by access.By, in *changeSettingsIn) (*settingsOut, error) {
	change := desk.SettingsChange{Workspace: in.Body.Workspace}
	if given := in.Body.InvitationExpiresIn; given != nil {
		lasts, err := parseLasts("invitation_expires_in", *given)
		if err != nil {
			return nil, err
		}
		change.Invitation = &lasts
	}
	kept, err := s.desk.ChangeSettings(ctx, by, change)
	if shown := access.Explain(err); err != nil && shown.Field == "invitation" {
		return nil, shown.On("invitation_expires_in")
	}
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, by, kept)
}

type testMailIn struct {
	Body *testMailJSON
}

type testMailJSON struct {
	Email string `json:"email,omitempty" doc:"Absent: one's own address." example:"ada@example.com"`
}

func (s *Server) testMail(ctx context.Context, by access.By, in *testMailIn) (*letterOut, error) {
	var to access.Address
	if in.Body != nil && in.Body.Email != "" {
		var err error
		if to, err = address.Parse(in.Body.Email); err != nil {
			return nil, err
		}
	}
	return letterAnswer(s.desk.TestMail(ctx, by, to))
}

// A TokenJSON is an API token without its secret.
type TokenJSON struct {
	ID        string    `json:"id"`
	Name      string    `json:"name" example:"nightly report"`
	Roles     []string  `json:"roles" example:"Fleet"`
	Owner     string    `json:"owner,omitempty" doc:"The id of the member it acts for; absent where the operator made it."`
	MadeAt    time.Time `json:"made_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

func tokenOf(t access.Token) TokenJSON {
	return TokenJSON{ID: string(t.ID), Name: t.Name, Roles: roleStrings(t.Roles), Owner: string(t.Owner), MadeAt: t.MadeAt, ExpiresAt: t.ExpiresAt, UsedAt: t.UsedAt}
}

type tokensOut struct {
	Body struct {
		Items []TokenJSON `json:"items"`
		Total int         `json:"total"`
	} `nameHint:"TokenList"`
}

func (s *Server) tokens(ctx context.Context, by access.By, _ *struct{}) (*tokensOut, error) {
	all, err := s.desk.Tokens(ctx, by)
	out := &tokensOut{}
	out.Body.Items, out.Body.Total = make([]TokenJSON, len(all)), len(all)
	for i, t := range all {
		out.Body.Items[i] = tokenOf(t)
	}
	return out, err
}

type makeTokenIn struct {
	Body struct {
		Name      string   `json:"name" doc:"What it is for." example:"nightly report"`
		Roles     []string `json:"roles" example:"Fleet"`
		ExpiresIn string   `json:"expires_in,omitempty" doc:"Up to 366 days; absent: it does not expire." example:"90d"`
	}
}

type madeTokenJSON struct {
	TokenJSON
	Token string `json:"token" doc:"The secret. It is not shown again." example:"dw_…"`
}

type makeTokenOut struct{ Body madeTokenJSON }

func (s *Server) makeToken(ctx context.Context, by access.By, in *makeTokenIn) (*makeTokenOut, error) {
	lasts, err := parseLasts("expires_in", in.Body.ExpiresIn)
	if err != nil {
		return nil, err
	}
	t, secret, err := s.desk.MakeToken(ctx, by, in.Body.Name, roleNames(in.Body.Roles), lasts)
	return &makeTokenOut{madeTokenJSON{tokenOf(t), secret.Reveal()}}, err
}

type tokenIn struct {
	ID string `path:"id" doc:"The token's id."`
}

func (s *Server) revokeToken(ctx context.Context, by access.By, in *tokenIn) (*nothing, error) {
	id, err := access.ParseTokenID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.desk.RevokeToken(ctx, by, id)
}
