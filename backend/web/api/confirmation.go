package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

func (s *API) mountConfirmation(r *group) {
	mount(r, op{
		method: http.MethodPost,
		path:   "/me/confirmation",
		id:     "send-confirmation",
		title:  "Email me a code",
		text: "Emails a code that confirms this session. Signing in confirms it too. A code that was sent before " +
			"stops working.",
		need:    web.Manager(),
		answers: http.StatusAccepted,
	}, s.sendConfirmation)
	mount(r, op{
		method: http.MethodPost,
		path:   "/me/confirmation/code",
		id:     "confirm",
		title:  "Confirm this session",
		text: "Confirms this session, and no other, for 15 minutes with the code from the email. Five wrong codes " +
			"void it.",
		need: web.Manager(),
	}, s.confirm)
}

type sendConfirmationIn struct{ Body *emptyJSON }

type confirmationEmailJSON struct {
	Email     string    `json:"email" doc:"Where it was sent: your own address." example:"Ada@Example.com"`
	ExpiresAt time.Time `json:"expires_at"`
	Minutes   int       `json:"minutes" doc:"How long the code works." example:"10"`
	Held      bool      `json:"held,omitempty" doc:"No mail server is set up. The email can be read only on the server: doorward outbox show ID."`
	ID        string    `json:"id" doc:"The email's id in the outbox."`
}

type sendConfirmationOut struct {
	Body confirmationEmailJSON `nameHint:"ConfirmationEmail"`
}

func (s *API) sendConfirmation(
	ctx context.Context,
	actor access.Actor,
	_ *sendConfirmationIn,
) (*sendConfirmationOut, error) {
	agent := strings.Clone(actorIn(ctx).Get(fiber.HeaderUserAgent))
	sent, err := s.service.Sessions.SendConfirmation(ctx, actor, agent)
	return &sendConfirmationOut{
		confirmationEmailJSON{
			Email:     sent.To,
			ExpiresAt: sent.ExpiresAt,
			Minutes:   int(access.ConfirmationCodeTTL / time.Minute),
			Held:      sent.Held,
			ID:        string(sent.Message),
		},
	}, err
}

type confirmIn struct {
	Body struct {
		Code string `json:"code" maxLength:"40" doc:"The code from the email; case, spaces and hyphens do not matter." example:"7K3M-9QXD"`
	}
}

type confirmOut struct {
	Body struct {
		ConfirmedUntil time.Time `json:"confirmed_until"`
	} `nameHint:"Confirmed"`
}

func (s *API) confirm(ctx context.Context, actor access.Actor, in *confirmIn) (*confirmOut, error) {
	until, err := s.service.Sessions.ConfirmCode(ctx, actor, strings.Clone(in.Body.Code))
	out := &confirmOut{}
	out.Body.ConfirmedUntil = until
	return out, err
}
