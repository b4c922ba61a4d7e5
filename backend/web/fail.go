package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
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

// statusByCode are the few whose status is not that of their kind.
var statusByCode = map[string]int{
	"foreign_host":     http.StatusMisdirectedRequest,
	"body_too_large":   http.StatusRequestEntityTooLarge,
	"unsupported_type": http.StatusUnsupportedMediaType,
	"bad_body":         http.StatusBadRequest,
	"bad_forwarded":    http.StatusBadRequest,
	"bad_request":      http.StatusBadRequest,
	"header_too_large": http.StatusRequestHeaderFieldsTooLarge,
}

// slowedError carries how long to wait beside the sentence.
type slowedError struct {
	said *access.Error
	wait time.Duration
}

func (e *slowedError) Error() string { return e.said.Error() }
func (e *slowedError) Unwrap() error { return e.said }

func slowed(wait time.Duration, ok bool) error {
	if ok {
		return nil
	}
	return &slowedError{access.Errorf(access.TooMany, "Too many requests from your network. Try again %s.", retryWords(wait)).WithCode("too_often"), wait}
}

// busyFor is how long a busy server asks to wait.
const busyFor = 5 * time.Second

// fail is the only place where an error becomes an answer: problem+json for
// programs, a page with one clear way on for people.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	s.secureHeaders(c) // an answer to what could not be read never came through outer
	if isAPI(c) {
		return s.problem(c, err).send(c)
	}
	r := s.refuse(c, err)
	return s.failPage(c, err, r.shown, r.status, r.wait, r.number)
}

// problem is an error as the API answers it.
func (s *Server) problem(c *fiber.Ctx, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	r := s.refuse(c, err)
	return problemOf(r.status, r.shown, r.number)
}

// A refusal is what whoever asks may know of an error.
type refusal struct {
	shown  *access.Error
	status int
	wait   time.Duration // before it is worth another try; zero: it is not
	number string        // under which the log has the cause
}

// refuse explains an error, counts what it is a trace of, and says when to try
// again.
func (s *Server) refuse(c *fiber.Ctx, err error) refusal {
	e, code, number := s.explain(c, err)
	if kind := traceOf(err, e, code); kind != "" {
		s.notice(c, kind)
	}
	r := refusal{shown: e, status: code, number: number}
	var slow *slowedError
	switch {
	case errors.As(err, &slow):
		r.wait = slow.wait
	case e.Kind == access.TooMany:
		r.wait = time.Minute
	case e.Kind == access.Unavailable, e.Kind == access.NoData:
		r.wait = busyFor
	}
	if r.wait > 0 {
		c.Set(fiber.HeaderRetryAfter, fmt.Sprint(int((r.wait+time.Second-1)/time.Second)))
	}
	return r
}

// explain is what may be shown of an error, its status, and for ours the number
// under which the log has the cause.
func (s *Server) explain(c *fiber.Ctx, err error) (e *access.Error, code int, number string) {
	var f *fiber.Error // the router's own
	if errors.As(err, &f) {
		return routerError(f), f.Code, ""
	}
	e = shown(c, err)
	if e.Kind == access.Internal || e.Kind == access.NoData || e == noData {
		number = access.NewID()[:8]
		s.log.ErrorContext(c.UserContext(), "request failed", "request", number, "method", c.Method(), "route", c.Route().Path, "err", err)
	}
	code = status[e.Kind]
	if special, ok := statusByCode[e.Code]; ok {
		code = special
	}
	return e, code, number
}

// noData is what is said of a store that has stopped, save to the operator: where
// the data lies, and what is wrong with it, is nobody else's business.
var noData = access.Errorf(access.Unavailable, "The server cannot reach its data. Please tell its administrator.").WithCode("no_data")

// shown is the part of an error that whoever asks may see.
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
		return &access.Error{Kind: access.NotFound, Code: "not_found", Message: "There is nothing at this address."}
	case http.StatusMethodNotAllowed:
		return &access.Error{Kind: access.Invalid, Code: "method_not_allowed", Message: "This address does not take that method."}
	case http.StatusRequestEntityTooLarge:
		return &access.Error{Kind: access.Invalid, Code: "body_too_large", Message: "The request is too large: at most 64 KiB, or 1 MiB for a batch of invitations."}
	case http.StatusRequestURITooLong:
		return &access.Error{Kind: access.Invalid, Code: "url_too_long", Message: "The address is too long: at most 8 KiB."}
	case http.StatusRequestHeaderFieldsTooLarge:
		return &access.Error{Kind: access.Invalid, Code: "header_too_large", Message: "The request's headers are too large: at most 16 KiB."}
	}
	return &access.Error{Kind: access.Invalid, Code: "bad_request", Message: "The request could not be read."}
}

// failPage is the page for an error. A session that is over is dropped; who is
// not signed in goes to the sign-in page, who waits to the waiting page.
func (s *Server) failPage(c *fiber.Ctx, err error, e *access.Error, code int, wait time.Duration, number string) error {
	if why := isEnded(err); why != "" {
		if navigates(c) { // a script that looks ahead leaves the page to say why
			s.dropSession(c)
		}
		return s.page(c, http.StatusForbidden, pageMessage, s.endedPage(c, why))
	}
	if e.Kind == access.SignedOut && safeMethod(c) {
		return c.Redirect("/login"+nextQuery(c.OriginalURL()), http.StatusSeeOther)
	}
	if e.Code == "pending" && safeMethod(c) {
		return c.Redirect("/pending", http.StatusSeeOther)
	}
	return s.page(c, code, pageMessage, s.messageFor(c, e, code, wait, number))
}

func (s *Server) endedPage(c *fiber.Ctx, why access.EndReason) MessagePage {
	l := s.leaf(c)
	switch why {
	case access.EndedSuspended:
		return suspendedPage(l)
	case access.EndedRejected:
		return rejectedPage(l)
	case access.EndedWithdrawn:
		return withdrawnPage(l)
	}
	return removedPage(l)
}

// removedPage is for somebody whose account was deleted while they were in.
func removedPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	return message(l, Info, "Your account is closed",
		fmt.Sprintf("Your account in %s was removed, and what it held is deleted.", l.Workspace),
		"If you still need it, ask an administrator for a new invitation. You can close this page.")
}

func (s *Server) messageFor(c *fiber.Ctx, e *access.Error, code int, wait time.Duration, number string) MessagePage {
	l := s.leaf(c)
	again := safePath(string(c.Context().Path()))
	if !safeMethod(c) || strings.HasPrefix(again, "/login/") || strings.HasPrefix(again, "/setup/") {
		again = "/login"
	}
	switch {
	case e.Code == "foreign_host":
		return foreignHostPage(Leaf{Workspace: l.Workspace}, s.publicURL)
	case e.Code == "foreign_form":
		return staleFormPage(l, again)
	case e.Code == "suspended":
		return suspendedPage(l)
	case e.Code == "setup_closed":
		return setupClosedPage(l)
	case e.Kind == access.TooMany:
		return tooManyPage(l, again, wait)
	case e.Code == "disk_full":
		return diskFullPage(l, e.Message, again)
	case e.Kind == access.Unavailable, e.Kind == access.NoData:
		return busyPage(l, again, wait)
	case e.Kind == access.Internal:
		return ourErrorPage(l, number)
	case e.Kind == access.Forbidden && sectionTitle(c.Path()) != "":
		return notAllowedPage(l, sectionTitle(c.Path()))
	case e.Kind == access.NotFound && code == http.StatusNotFound:
		return notFoundPage(l)
	}
	return refusedPage(l, e.Message)
}

// leaf is what every page has, for whoever asks.
func (s *Server) leaf(c *fiber.Ctx) Leaf {
	l := Leaf{Workspace: s.workspaceNow(c.UserContext())}
	if p := principalOf(c); p != nil {
		l.SignedInAs = p.Member.Email.Typed
	}
	l.CSRF = s.csrf(c)
	return l
}

// page renders a page. One that cannot be rendered is our error, in words that
// need no template.
func (s *Server) page(c *fiber.Ctx, code int, name string, data any) error {
	var b bytes.Buffer
	if err := s.pages.render(&b, name, data); err != nil {
		s.log.ErrorContext(c.UserContext(), "a page could not be rendered", "page", name, "err", err)
		return c.Status(http.StatusInternalServerError).SendString("Something went wrong on our side. The administrator can find it in the log.")
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(code).Send(b.Bytes())
}

// safePath is path if it leads to a page of ours and nowhere else; else /.
func safePath(path string) string {
	u, err := url.Parse(path)
	if err != nil || len(path) > 500 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\t\r\n") || u.Host != "" || u.Scheme != "" || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/"
	}
	for _, r := range u.Path + u.RawQuery {
		if r < ' ' || r == 0x7f || r > 0x7e {
			return "/"
		}
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// nextQuery carries where somebody wanted to go through the sign-in.
func nextQuery(wanted string) string {
	p := safePath(wanted)
	if p == "/" || p == "/pending" || strings.HasPrefix(p, "/login") || strings.HasPrefix(p, "/logout") {
		return ""
	}
	return "?next=" + url.QueryEscape(p)
}
