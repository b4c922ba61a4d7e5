package api

import (
	"context"
	"net/http"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
	"doorward/backend/text"
	"doorward/backend/web"
)

func (s *API) mountSettings(r *group) {
	read, change := web.Permission(access.May(access.Read, access.ResSettings)),
		web.Permission(access.May(access.Change, access.ResSettings))
	mount(r, op{
		method: http.MethodGet,
		path:   "/settings",
		id:     "get-settings",
		title:  "Settings",
		text:   "The settings that an Admin can change, and, read-only, the startup configuration.",
		need:   read,
	}, s.settings)
	mount(r, op{
		method: http.MethodPatch,
		path:   "/settings",
		id:     "change-settings",
		title:  "Change settings",
		text:   "Changes the given settings and leaves the others.",
		need:   change,
	}, s.changeSettings)
	mount(r, op{
		method: http.MethodGet,
		path:   "/settings/checks",
		id:     "check-settings",
		title:  "Health check",
		text: "Checks the public URL, mail, disk, clock, permissions and store; each finding comes with its fix. It " +
			"may take some seconds.",
		need: read,
	}, s.checks)
	mount(r, op{
		method: http.MethodPost,
		path:   "/settings/mail/test",
		id:     "test-mail",
		title:  "Send a test email",
		text:   "Sends a test email to your own address.",
		need:   change,
	}, s.testMail)
	mount(r, op{
		method: http.MethodPost,
		path:   "/clock",
		id:     "believe-clock",
		title:  "The clock is right",
		text: "While clock_held is in the overview: does what was put off because the clock had jumped. " +
			"Elsewhere it changes nothing.",
		need:  change,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.trustClock)
	mount(r, op{
		method: http.MethodGet,
		path:   "/tokens",
		id:     "list-tokens",
		title:  "API tokens",
		text:   "All API tokens, without their secrets.",
		need:   read,
	}, s.tokens)
	mount(r, op{
		method: http.MethodPost,
		path:   "/tokens",
		id:     "make-token",
		title:  "Create an API token",
		text: "Creates an API token and shows it, only once. It has its roles' permissions, and " +
			"never more than its owner has " +
			"at the time. " +
			"It expires after 90 days unless expires_in says otherwise. " + needsConfirmation,
		need:    change,
		answers: http.StatusCreated,
		fails:   []int{http.StatusConflict},
	}, s.createToken)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/tokens/{id}",
		id:     "revoke-token",
		title:  "Revoke an API token",
		text:   "Takes effect at once.",
		need:   change,
	}, s.revokeToken)
}

type settingsJSON struct {
	Workspace           string       `json:"workspace" example:"AI Loop"`
	InvitationExpiresIn string       `json:"invitation_expires_in" doc:"When invitations expire, by default." example:"7d"`
	PublicURL           string       `json:"public_url" doc:"Where links lead. Set when the server starts." example:"https://door.example.com"`
	Mail                mailJSON     `json:"mail" doc:"Set when the server starts."`
	Defaults            defaultsJSON `json:"defaults" doc:"The defaults of the settings that can be changed."`
	Fixed               []Fact       `json:"fixed" doc:"The startup configuration and fixed limits. Those with set_with are set at the start, by flag, environment or file; the others are part of the program."`
}

type defaultsJSON struct {
	Workspace           string `json:"workspace" example:"AI Loop"`
	InvitationExpiresIn string `json:"invitation_expires_in" example:"7d"`
}

// A Fact is something about a running Doorward that does not change until it is
// restarted.
type Fact struct {
	Name    string `json:"name" example:"mail_from"`
	Value   string `json:"value,omitempty"`
	Default string `json:"default,omitempty"`
	Meaning string `json:"meaning"`
	SetWith string `json:"set_with,omitempty" example:"--mail-from / DOORWARD_MAIL_FROM / mail_from in doorward.toml"`
}

// ourFacts are the limits that are built into the program.
func ourFacts() []Fact {
	lasts := func(name string, d time.Duration, meaning string) Fact {
		return Fact{Name: name, Value: lifetimeText(d), Default: lifetimeText(d), Meaning: meaning}
	}
	return []Fact{
		lasts("sign_in_link", access.SignInTTL, "how long a sign-in link or code works"),
		lasts("pending_account", access.PendingTTL,
			"how long a pending account is kept without a decision before it is removed"),
		lasts("session_idle", access.MemberIdleTTL, "how long a member stays signed in without use"),
		lasts("session", access.MemberSessionTTL, "how long a member stays signed in at most"),
		lasts("session_idle_managers", access.AdminIdleTTL,
			"how long someone who can see members stays signed in without use"),
		lasts("session_managers", access.AdminSessionTTL,
			"how long someone who can see members stays signed in at most"),
		lasts("token", access.DefaultTokenTTL, "how long an API token lasts by default"),
		lasts("token_longest", access.MaxTokenTTL, "how long an API token can last at most"),
		lasts(
			"confirmation",
			access.ConfirmationTTL,
			"how long a sign-in, or a code from an email, confirms someone's identity",
		),
		lasts("confirmation_code", access.ConfirmationCodeTTL, "how long a confirmation code works"),
	}
}

type settingsOut struct{ Body settingsJSON }

func (s *API) settings(ctx context.Context, actor access.Actor, _ *struct{}) (*settingsOut, error) {
	kept, err := s.service.Settings.Get(ctx, actor)
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, actor, kept)
}

// settingsAnswer adds the state of mail, for callers who may see the overview.
func (s *API) settingsAnswer(ctx context.Context, actor access.Actor, kept access.Settings) (*settingsOut, error) {
	o, err := s.service.Dashboard.Overview(ctx, actor)
	if access.Forbidden.Is(err) {
		o, err = service.Overview{MailServer: s.mailServer != ""}, nil
	}
	out := settingsJSON{
		Workspace:           kept.Workspace,
		InvitationExpiresIn: lifetimeText(kept.InvitationTTL.Std()),
		PublicURL:           s.publicURL,
		Mail:                s.mailOf(o),
		Fixed:               s.facts,
	}
	usual := access.DefaultSettings()
	out.Defaults = defaultsJSON{usual.Workspace, lifetimeText(usual.InvitationTTL.Std())}
	return &settingsOut{out}, err
}

func (s *API) checks(ctx context.Context, _ access.Actor, in *struct{}) (*checksOut, error) {
	out := &checksOut{}
	out.Body.Checks = []Check{}
	if s.ops != nil {
		out.Body.Checks = s.ops.Doctor(ctx)
	}
	return out, nil
}

type changeSettingsIn struct {
	Body struct {
		Workspace           *string `json:"workspace,omitempty" example:"AI Loop"`
		InvitationExpiresIn *string `json:"invitation_expires_in,omitempty" doc:"From 1 hour to 30 days." example:"7d"`
	}
}

func (s *API) changeSettings(ctx context.Context, actor access.Actor, in *changeSettingsIn) (*settingsOut, error) {
	change := service.SettingsChange{Workspace: in.Body.Workspace}
	if given := in.Body.InvitationExpiresIn; given != nil {
		lasts, err := parseLasts("invitation_expires_in", *given)
		if err != nil {
			return nil, err
		}
		change.Invitation = &lasts
	}
	kept, err := s.service.Settings.Change(ctx, actor, change)
	if shown := access.Explain(err); err != nil && shown.Field == "invitation" {
		return nil, shown.On("invitation_expires_in")
	}
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, actor, kept)
}

type testMailIn struct {
	Body *testMailJSON
}

type testMailJSON struct {
	Email string `json:"email,omitempty" doc:"Absent: your own address." example:"ada@example.com"`
}

func (s *API) testMail(ctx context.Context, actor access.Actor, in *testMailIn) (*messageOut, error) {
	var to access.Address
	if in.Body != nil && in.Body.Email != "" {
		var err error
		if to, err = address.Parse(in.Body.Email); err != nil {
			return nil, err
		}
	}
	return messageAnswer(s.service.Outbox.TestMail(ctx, actor, to))
}

// A TokenJSON is an API token without its secret.
type TokenJSON struct {
	ID        string    `json:"id"`
	Name      string    `json:"name" example:"nightly report"`
	Roles     []string  `json:"roles" example:"Fleet"`
	Owner     string    `json:"owner,omitempty" doc:"The id of the member it acts for; absent if the operator created it."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Absent: it never expires. An older version created it: replace it."`
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
		ExpiresIn string   `json:"expires_in,omitempty" doc:"From 1 hour to 366 days; absent: 90 days." example:"90d"`
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
