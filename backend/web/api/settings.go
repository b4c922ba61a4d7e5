package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
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
		text: "Changes what is given and leaves the rest. What was given when Doorward started stays as it is. " +
			"The public URL and mail_settings decide who can sign in as whom, people trust the appearance, and " +
			"lifetimes concern everyone: these are for Admins. " +
			needsConfirmation,
		need:  change,
		fails: []int{http.StatusConflict},
	}, s.changeSettings)
	mount(r, op{
		method: http.MethodPost,
		path:   "/settings/public-url/check",
		id:     "check-public-url",
		title:  "Check a public URL",
		text: "Answers with the public URL as it would be stored, or refuses it as a change would. Nothing is " +
			"changed. For Admins.",
		need:  change,
		fails: []int{http.StatusConflict},
	}, s.checkPublicURL)
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
		text: "Sends a test email to one's own address, through the outbox like any other. With wait it answers " +
			"once the mail server has, 20 seconds later at most: detail and mail have its own words.",
		need: change,
	}, s.testMail)
	mount(r, op{
		method: http.MethodPost,
		path:   "/clock",
		id:     "trust-clock",
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
			"It expires as the lifetimes of the settings say unless expires_in says otherwise. " + needsConfirmation,
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
	Workspace           string               `json:"workspace" example:"AI Loop"`
	InvitationExpiresIn string               `json:"invitation_expires_in" doc:"How long invitations last, unless chosen otherwise." example:"7d"`
	Lifetimes           lifetimesJSON        `json:"lifetimes" doc:"How long sessions, links, tokens and pending accounts last."`
	PublicURL           string               `json:"public_url" doc:"Where links lead." example:"https://door.example.com"`
	PublicURLSetWith    string               `json:"public_url_set_with,omitempty" doc:"It was given with this when Doorward started, and can only be changed there." example:"DOORWARD_URL"`
	Mail                mailJSON             `json:"mail" doc:"Whether emails can be sent now, and how."`
	MailSettings        mailSettingsJSON     `json:"mail_settings" doc:"The mail server and sender, as given when Doorward started or set here."`
	ChecklistHidden     bool                 `json:"checklist_hidden" doc:"The setup checklist is not shown."`
	Appearance          appearanceJSON       `json:"appearance" doc:"How the pages and emails for invited people look."`
	HeldEmails          int                  `json:"held_emails" doc:"Emails held because no mail server was set up. Those whose links still work are sent once one is."`
	LifetimeBounds      []lifetimeBoundsJSON `json:"lifetime_bounds" doc:"The bounds of each lifetime. An idle limit cannot be longer than the session, nor the default of a token longer than its maximum."`
	Defaults            defaultsJSON         `json:"defaults" doc:"What the changeable settings are until someone changes them."`
	Cluster             bool                 `json:"cluster,omitempty" doc:"This server is a machine of a cluster."`
	Fixed               []Fact               `json:"fixed" doc:"Settings that do not change while Doorward runs. Those with set_with are set when it starts, by flag, environment or file; the others are part of the program."`
}

type mailSettingsJSON struct {
	Host          string `json:"host,omitempty" example:"smtp.example.com"`
	Port          int    `json:"port,omitempty" example:"587"`
	Security      string `json:"security,omitempty" enum:"starttls,tls,none" doc:"starttls: encrypted by STARTTLS, which is required; tls: encrypted from the first byte; none: only to a mail server on this machine."`
	User          string `json:"user,omitempty"`
	PasswordSet   bool   `json:"password_set" doc:"A password is stored. It is never shown; no backup contains it."`
	From          string `json:"from,omitempty" doc:"Absent: the default." example:"AI Loop <door@example.com>"`
	DefaultFrom   string `json:"default_from,omitempty" example:"doorward@door.example.com"`
	ServerSetWith string `json:"server_set_with,omitempty" doc:"The server was given with this when Doorward started, and can only be changed there." example:"DOORWARD_SMTP_URL"`
	FromSetWith   string `json:"from_set_with,omitempty" doc:"Likewise, for the sender." example:"DOORWARD_MAIL_FROM"`
}

type defaultsJSON struct {
	Workspace           string        `json:"workspace" example:"AI Loop"`
	InvitationExpiresIn string        `json:"invitation_expires_in" example:"7d"`
	Lifetimes           lifetimesJSON `json:"lifetimes"`
}

// ourFacts are the limits that are built into the program.
func ourFacts() []Fact {
	lasts := func(name string, d time.Duration, meaning string) Fact {
		return Fact{Name: name, Value: lifetimeText(d), Default: lifetimeText(d), Meaning: meaning}
	}
	return []Fact{
		lasts(
			"confirmation",
			access.ConfirmationTTL,
			"how long a sign-in, or a code from an email, confirms someone’s identity",
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
		o, err = service.Overview{MailServer: s.mailServer != "" || kept.Mail.Usable(), Settings: kept}, nil
	}
	out := settingsJSON{
		Workspace:           kept.Workspace,
		InvitationExpiresIn: lifetimeText(kept.InvitationTTL.Std()),
		Lifetimes:           lifetimesOf(kept.Lifetimes),
		LifetimeBounds:      lifetimeBounds(),
		PublicURL:           s.service.PublicURL(),
		PublicURLSetWith:    s.setAtStart.PublicURL,
		Mail:                s.mailOf(o),
		MailSettings:        s.mailSettingsOf(kept),
		ChecklistHidden:     kept.ChecklistHidden,
		Appearance:          s.appearanceOf(kept),
		HeldEmails:          o.Messages[access.MessageHeld],
		Cluster:             s.web.InCluster(),
		Fixed:               s.facts,
	}
	usual := access.DefaultSettings()
	out.Defaults = defaultsJSON{
		Workspace:           usual.Workspace,
		InvitationExpiresIn: lifetimeText(usual.InvitationTTL.Std()),
		Lifetimes:           lifetimesOf(usual.Lifetimes),
	}
	return &settingsOut{out}, err
}

func (s *API) mailSettingsOf(kept access.Settings) mailSettingsJSON {
	m := kept.Mail
	usual := kept
	usual.Mail.From, usual.Mail.FromName = "", ""
	out := mailSettingsJSON{
		DefaultFrom:   s.mailFrom(usual),
		ServerSetWith: s.setAtStart.MailServer,
		FromSetWith:   s.setAtStart.MailFrom,
	}
	if m.From != "" && s.setAtStart.MailFrom == "" {
		out.From = s.mailFrom(kept)
	}
	if s.setAtStart.MailServer == "" {
		out.Host, out.Port, out.Security = m.Host, m.Port, string(m.Security)
		out.User, out.PasswordSet = m.User, m.HasPassword
	}
	return out
}

func (s *API) checks(ctx context.Context, _ access.Actor, in *struct{}) (*checksOut, error) {
	var all []Check
	if s.ops != nil {
		all = s.ops.Doctor(ctx)
	}
	return reportOf(actorIn(ctx), all), nil
}

type changeSettingsIn struct {
	Body struct {
		Workspace           *string               `json:"workspace,omitempty" example:"AI Loop"`
		InvitationExpiresIn *string               `json:"invitation_expires_in,omitempty" doc:"From 1 hour to 30 days." example:"7d"`
		Lifetimes           *lifetimesJSON        `json:"lifetimes,omitempty" doc:"What is absent stays as it is; an empty value restores the default. Only for Admins."`
		PublicURL           *string               `json:"public_url,omitempty" doc:"https, or http on this machine. Browser sessions belong to the old address, so everyone has to sign in again. Empty: the default." example:"https://door.example.com"`
		MailSettings        *mailChangeJSON       `json:"mail_settings,omitempty"`
		Appearance          *appearanceChangeJSON `json:"appearance,omitempty"`
		ChecklistHidden     *bool                 `json:"checklist_hidden,omitempty" doc:"Whether to hide the setup checklist."`
	}
}

type publicURLIn struct {
	Body struct {
		PublicURL string `json:"public_url" doc:"As in a change of the settings. Empty: the default." example:"https://Door.example.com/"`
	}
}

type publicURLOut struct {
	Body struct {
		PublicURL string `json:"public_url" example:"https://door.example.com"`
	}
}

func (s *API) checkPublicURL(ctx context.Context, actor access.Actor, in *publicURLIn) (*publicURLOut, error) {
	out := &publicURLOut{}
	var err error
	out.Body.PublicURL, err = s.service.Settings.CheckPublicURL(ctx, actor, in.Body.PublicURL)
	return out, err
}

type mailChangeJSON struct {
	Host     *string `json:"host,omitempty" doc:"Empty: no mail server; emails are held." example:"smtp.example.com"`
	Port     *int    `json:"port,omitempty" doc:"0: the usual one." example:"587"`
	Security *string `json:"security,omitempty" doc:"starttls, tls or none." example:"starttls"`
	User     *string `json:"user,omitempty"`
	Password *string `json:"password,omitempty" doc:"Required again if the server, the port, the security or the user changes. It is never shown."`
	From     *string `json:"from,omitempty" doc:"An address, or a name and an address. Empty: the default." example:"AI Loop <door@example.com>"`
}

func (in *mailChangeJSON) change() *service.MailChange {
	if in == nil {
		return nil
	}
	c := &service.MailChange{Host: in.Host, Port: in.Port, User: in.User, From: in.From}
	if in.Security != nil {
		security := service.ParseMailSecurity(*in.Security)
		c.Security = &security
	}
	if in.Password != nil {
		password := access.Password(strings.Clone(*in.Password))
		c.Password = &password
	}
	return c
}

func (s *API) changeSettings(ctx context.Context, actor access.Actor, in *changeSettingsIn) (*settingsOut, error) {
	change := service.SettingsChange{
		Workspace: in.Body.Workspace,
		PublicURL: in.Body.PublicURL,
		Mail:      in.Body.MailSettings.change(),

		ChecklistHidden: in.Body.ChecklistHidden,
		Brand:           in.Body.Appearance.change(),
	}
	if given := in.Body.InvitationExpiresIn; given != nil {
		lasts, err := parseLasts("invitation_expires_in", *given)
		if err != nil {
			return nil, err
		}
		change.Invitation = &lasts
	}
	var err error
	if change.Lifetimes, err = in.Body.Lifetimes.change(); err != nil {
		return nil, err
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
