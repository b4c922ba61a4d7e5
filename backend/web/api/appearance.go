package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

// mountAppearance mounts the logo and the previews; the rest of the appearance is a part of
// the settings.
func (s *API) mountAppearance(r *group) {
	read, change := web.Permission(access.May(access.Read, access.ResSettings)),
		web.Permission(access.May(access.Change, access.ResSettings))
	mount(r, op{
		method: http.MethodPut,
		path:   "/settings/logo",
		id:     "set-logo",
		title:  "Set the logo",
		text: "Shows an image in place of Doorward's sign. It must be PNG, JPEG or WebP of at most 512 KB; it is " +
			"made to fit into 320 by 96 pixels and encoded again as PNG. For Admins. " + needsConfirmation,
		need: change,
	}, s.setLogo)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/settings/logo",
		id:     "remove-logo",
		title:  "Remove the logo",
		text:   "Shows Doorward's sign again. For Admins. " + needsConfirmation,
		need:   change,
	}, s.removeLogo)
	r.addPage(&huma.Operation{
		Path:        "/settings/logo",
		OperationID: "get-logo",
		Summary:     "The logo",
		Description: "The logo as it is shown.",
	}, "image/png", read, s.logo)
	query := func(name, about string, values ...any) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: about,
			Schema: &huma.Schema{Type: "string", Enum: values}}
	}
	r.addPage(&huma.Operation{
		Path:        "/settings/preview/{page}",
		OperationID: "get-preview",
		Summary:     "A preview",
		Description: "The sign-in page, the pending page or an invitation as it would look with this appearance, for " +
			"a frame of the console: its links and forms lead nowhere. What is not given is as it is now.",
		Parameters: []*huma.Param{
			{Name: "page", In: "path", Required: true, Description: "Which of the three.",
				Schema: &huma.Schema{Type: "string", Enum: []any{"login", "pending", "invitation"}}},
			query("theme", "The theme.", "light", "dark"),
			query("accent", "As in PATCH /settings."),
			query("accent_dark", "Likewise."),
			query("footer", "Likewise."),
			query("contact", "Likewise."),
			query("logo", "Of no effect: a console that changes it loads the page again."),
		},
	}, "text/html", read, s.preview)
}

// addPage adds an operation that answers a GET with something else than JSON.
func (r *group) addPage(o *huma.Operation, kind string, n web.Class, h fiber.Handler) {
	o.Method, o.Tags = http.MethodGet, []string{"settings"}
	o.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	o.Responses = map[string]*huma.Response{
		"200": {Description: "OK", Content: map[string]*huma.MediaType{kind: {}}},
	}
	r.add(o, n, func(c *fiber.Ctx) error {
		if err := knownParameters(o, c); err != nil {
			return err
		}
		return h(c)
	})
}

type setLogoIn struct {
	Body struct {
		Image string `json:"image" doc:"The file, in base64."`
	}
}

func (s *API) setLogo(ctx context.Context, actor access.Actor, in *setLogoIn) (*settingsOut, error) {
	image, err := base64.StdEncoding.DecodeString(in.Body.Image)
	if err != nil || len(image) == 0 {
		return nil, access.Errorf(access.Invalid, "Send the image encoded in "+
			"Base64.").On("image").WithCode("logo_broken")
	}
	kept, err := s.service.Settings.SetLogo(ctx, actor, image)
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, actor, kept)
}

func (s *API) removeLogo(ctx context.Context, actor access.Actor, _ *struct{}) (*settingsOut, error) {
	kept, err := s.service.Settings.SetLogo(ctx, actor, nil)
	if err != nil {
		return nil, err
	}
	return s.settingsAnswer(ctx, actor, kept)
}

func (s *API) logo(c *fiber.Ctx) error {
	kept, err := s.service.Settings.Get(c.UserContext(), s.web.Guard.Actor(c))
	if err != nil {
		return err
	}
	png, err := s.service.Settings.Logo(c.UserContext(), kept.Brand.Logo.Hash)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/png")
	return c.Send(png)
}

func (s *API) preview(c *fiber.Ctx) error {
	asked := func(name string) *string {
		if !c.Context().QueryArgs().Has(name) {
			return nil
		}
		value := strings.Clone(c.Query(name))
		return &value
	}
	p, err := s.service.Settings.Preview(c.UserContext(), s.web.Guard.Actor(c), service.BrandChange{
		Accent:     asked("accent"),
		AccentDark: asked("accent_dark"),
		Footer:     asked("footer"),
		Contact:    asked("contact"),
	})
	if err != nil {
		return err
	}
	theme := "light"
	if c.Query("theme") == "dark" {
		theme = "dark"
	}
	page, err := s.previewOf(p, strings.Clone(c.Params("page")), web.LanguageOf(c), theme)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, messagePolicy)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	// A preview is looked at: its controls take no press and no focus.
	page = strings.Replace(page, "<body", "<body inert", 1)
	return c.SendString(strings.Replace(page, "<head>", "<head>"+inert, 1))
}

// previewOf returns the page of that name as it would look.
func (s *API) previewOf(p service.Preview, name string, in access.Language, theme string) (string, error) {
	switch {
	case name == "invitation":
		body, err := s.service.Settings.PreviewEmail(p, in)
		return themedEmail(theme, body.HTML), err
	case (name == "login" || name == "pending") && s.portalPage != nil:
		html, err := s.portalPage(p, name, in, theme)
		if err != nil {
			return "", fmt.Errorf("preview: %w", err)
		}
		return string(html), nil
	}
	return "", fiber.ErrNotFound
}

// themedEmail is an email as it looks in a theme, whatever the reader's own is.
func themedEmail(theme, html string) string {
	when := "@media not all"
	if theme == "dark" {
		when = "@media all"
	}
	return strings.Replace(html, "@media(prefers-color-scheme:dark)", when, 1)
}
