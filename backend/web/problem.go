package web

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// A Problem is an error response of the API (RFC 9457), with a stable code of
// ours.
type Problem struct {
	Status  int            `json:"status" doc:"The HTTP status." example:"409"`
	Title   string         `json:"title" doc:"The status in words." example:"Conflict"`
	Detail  string         `json:"detail" doc:"What is wrong, and what to do next: a sentence for people, in the language of Accept-Language if it is one of ours." example:"Ada was already approved by grace@example.com on 1 May 2030 at 12:00 UTC."`
	Code    string         `json:"code" doc:"A stable name, for programs." example:"already_decided"`
	Request string         `json:"request,omitempty" doc:"For a server error: the number that finds the cause in the log." example:"k3x7qhzd"`
	Errors  []ProblemField `json:"errors,omitempty" doc:"The fields or parameters at fault."`
}

// A ProblemField is one field or parameter at fault.
type ProblemField struct {
	Message  string `json:"message" doc:"What is wrong with it." example:"An email address must contain an @, as in ada@example.com."`
	Location string `json:"location" doc:"Its name, with the way to it." example:"email"`
}

// problemOf is a refusal in the language that the request asks for.
func problemOf(c *fiber.Ctx, r Refusal) *Problem {
	e := r.Shown
	p := &Problem{
		Status:  r.Status,
		Title:   http.StatusText(r.Status),
		Detail:  Say(c, e),
		Code:    cmp.Or(e.Code, string(e.Kind)),
		Request: r.Number,
	}
	if e.Field != "" {
		p.Errors = []ProblemField{{Message: p.Detail, Location: e.Field}}
	}
	return p
}

// send answers with the problem.
func (p *Problem) send(c *fiber.Ctx) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, p.ContentType(""))
	return c.Status(p.Status).Send(body)
}

// Error returns the sentence.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status, for Huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns that of problems, for Huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }
