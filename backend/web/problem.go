package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
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
	Times   []SaidTime     `json:"times,omitempty" doc:"The times in detail, for programs that show them in their reader's time zone."`
}

// A ProblemField is one field or parameter at fault.
type ProblemField struct {
	Message  string `json:"message" doc:"What is wrong with it." example:"An email address must contain an @, as in ada@example.com."`
	Location string `json:"location" doc:"Its name, with the way to it." example:"email"`
}

// A SaidTime is a time in a sentence. Sentences have times in UTC, since the server does not
// know where their reader is: who does puts the reader's own time in place of what is said.
type SaidTime struct {
	Said string    `json:"said" doc:"As the sentence has it, in UTC." example:"1 May 2030 at 12:00 UTC"`
	At   time.Time `json:"at" doc:"The same time."`
}

// SaidTimes are the times among what stands in a sentence, as the sentence has them.
func SaidTimes(c *fiber.Ctx, sentence string, values []any) (all []SaidTime) {
	for _, v := range values {
		m, ok := v.(access.Moment)
		if !ok {
			continue
		}
		at, said := time.Time(m).UTC(), m.String()
		if p := printerOf(c); p != nil && !strings.Contains(sentence, said) { // it is translated
			said = p.Exact(at)
		}
		all = append(all, SaidTime{Said: said, At: at})
	}
	return all
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
	_, values := e.Sentence()
	p.Times = SaidTimes(c, p.Detail, values)
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
