package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

const (
	// messagePolicy allows an email its own styles, images that are inside it, and
	// nothing else: no script, no request, no way out of the frame, and only the
	// console may frame it.
	messagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri " +
		"'none'; " +
		"frame-ancestors 'self'; sandbox"

	// inert sends every link to a new window, which the sandbox does not open.
	inert = `<base target="_blank">`
)

// mountMessagePage serves an email as the recipient's mail program shows it.
func (s *API) mountMessagePage(r *group, n web.Class) {
	o := &huma.Operation{
		Method:      http.MethodGet,
		Path:        "/outbox/{id}/page",
		OperationID: "get-email-page",
		Summary:     "One email as a page",
		Description: "The HTML of GET /outbox/{id}, for a frame of the console: its links lead nowhere, and a login " +
			"link or code in it is left out in the same way.",
		Tags:     []string{"outbox"},
		Security: []map[string][]string{{"session": {}}, {"token": {}}},
		Parameters: []*huma.Param{{
			Name:        "id",
			In:          "path",
			Required:    true,
			Description: "The email's id.",
			Schema:      &huma.Schema{Type: "string"},
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/html": {}}},
		},
	}
	r.add(o, n, func(c *fiber.Ctx) error {
		if err := knownParameters(o, c); err != nil {
			return err
		}
		return s.messagePage(c)
	})
}

func (s *API) messagePage(c *fiber.Ctx) error {
	id, err := access.ParseMessageID(strings.Clone(c.Params("id")))
	if err != nil {
		return err
	}
	_, body, err := s.service.Outbox.Get(c.UserContext(), s.web.Guard.Actor(c), id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, messagePolicy)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.SendString(strings.Replace(body.HTML, "<head>", "<head>"+inert, 1))
}
