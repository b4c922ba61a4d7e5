package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web/wire"
)

// status is the HTTP status of each kind of error.
var status = map[access.Kind]int{
	access.Invalid:     http.StatusUnprocessableEntity,
	access.SignedOut:   http.StatusUnauthorized,
	access.Forbidden:   http.StatusForbidden,
	access.NotFound:    http.StatusNotFound,
	access.Conflict:    http.StatusConflict,
	access.Expired:     http.StatusGone,
	access.TooMany:     http.StatusTooManyRequests,
	access.Unavailable: http.StatusServiceUnavailable,
	access.NoData:      http.StatusServiceUnavailable,
	access.Internal:    http.StatusInternalServerError,
}

// statusByCode are the codes whose status is not that of their kind.
var statusByCode = map[string]int{
	"foreign_host":     http.StatusMisdirectedRequest,
	"body_too_large":   http.StatusRequestEntityTooLarge,
	"unsupported_type": http.StatusUnsupportedMediaType,
	"bad_body":         http.StatusBadRequest,
	"bad_forwarded":    http.StatusBadRequest,
	"bad_request":      http.StatusBadRequest,
	"header_too_large": http.StatusRequestHeaderFieldsTooLarge,
}

// busyFor is how long a busy server asks clients to wait.
const busyFor = 5 * time.Second

// Fail is the only place where an error becomes a response: problem+json for
// programs, a page with one clear next step for people.
func (f *Face) Fail(c *fiber.Ctx, err error) error {
	f.s.secureHeaders(c) // a request that could not be parsed has not passed through outer
	c.Locals(messagesKey, f.s.messages)
	if isAPI(c) {
		return f.Problem(c, err).send(c)
	}
	return f.refusals(c, f.s.refuse(c, err))
}

// Problem is an error as the API answers it.
func (f *Face) Problem(c *fiber.Ctx, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	r := f.s.refuse(c, err)
	return problemOf(c, r)
}

// sentence answers with plain text where no package has pages.
func sentence(c *fiber.Ctx, r Refusal) error {
	return c.Status(r.Status).SendString(r.Shown.Message + "\n")
}

// refuse explains an error, counts the trace that it is, and says when to try
// again.
func (s *Server) refuse(c *fiber.Ctx, err error) Refusal {
	e, code, number := s.explain(c, err)
	s.Guard.NoticeRefusal(c, err, e, code)
	r := Refusal{Err: err, Shown: e, Status: code, Number: number}
	var slow *slowedError
	switch {
	case errors.As(err, &slow):
		r.Wait = slow.wait
	case e.Kind == access.TooMany:
		r.Wait = time.Minute
	case e.Kind == access.Unavailable, e.Kind == access.NoData:
		r.Wait = busyFor
	}
	if r.Wait > 0 {
		c.Set(fiber.HeaderRetryAfter, fmt.Sprint(int((r.Wait+time.Second-1)/time.Second)))
	}
	return r
}

// explain returns the part of an error that may be shown, its status, and, for an
// internal error, the number under which the log has the cause.
func (s *Server) explain(c *fiber.Ctx, err error) (e *access.Error, code int, number string) {
	var f *fiber.Error // the router's own
	if errors.As(err, &f) {
		return routerError(f), f.Code, ""
	}
	e = shown(c, err)
	if e.Kind == access.Internal || e.Kind == access.NoData || e == noData {
		number = access.NewID()[:8]
		s.Log.ErrorContext(c.UserContext(), "request failed", "request", number, "method", c.Method(), "route",
			c.Route().Path, "err", err)
	}
	code = status[e.Kind]
	if special, ok := statusByCode[e.Code]; ok {
		code = special
	}
	return e, code, number
}

// noData is what every caller but the operator is told of a store that has stopped:
// where the data is, and what is wrong with it, is not for strangers.
var noData = access.Errorf(access.Unavailable, "The server cannot read its data. Please tell an administrator.").
	WithCode("no_data")

// shown returns the part of an error that the caller may see.
func shown(c *fiber.Ctx, err error) *access.Error {
	e := access.Explain(err)
	if e.Kind == access.NoData && c.Locals(localKey) == nil {
		return noData
	}
	return e
}

func routerError(f *fiber.Error) *access.Error {
	switch f.Code {
	case http.StatusNotFound:
		return access.Errorf(access.NotFound, "There is nothing at this address.").WithCode("not_found")
	case http.StatusMethodNotAllowed:
		return access.Errorf(access.Invalid, "This URL does not accept that method.").WithCode("method_not_allowed")
	case http.StatusRequestEntityTooLarge:
		return access.Errorf(access.Invalid,
			"The request is too large: at most %d KiB, or %d MiB for a batch of invitations.", maxBody>>10,
			BodyLimit>>20).
			WithCode("body_too_large")
	case http.StatusRequestURITooLong:
		return access.Errorf(access.Invalid, "The URL is too long: at most %d KiB.", addressLimit>>10).
			WithCode("url_too_long")
	case http.StatusRequestHeaderFieldsTooLarge:
		return access.Errorf(access.Invalid, "The request's headers are too large: at most %d KiB.", wire.MaxHead>>10).
			WithCode("header_too_large")
	}
	return access.Errorf(access.Invalid, "The request could not be read.").WithCode("bad_request")
}
