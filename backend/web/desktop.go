package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
)

// A native window that is to act for a member elsewhere signs in as RFC 8252
// has it: the system's browser comes to /window, the member agrees, a code goes
// to the window over the computer's own loopback address, and the window redeems
// it with the secret that only it holds (RFC 7636, S256).

// A DesktopAuthorization is what a window says of itself when it sends a browser here. The
// way back is built of its port alone: it leads to the same computer, or nowhere.
type DesktopAuthorization struct {
	Challenge string // the hash of the window's secret, in base64url
	State     string // the window's own mark
	Port      int

	hash access.SecretHash
}

var errDesktopAuthorization = access.Errorf(access.Invalid, "This address is not complete, or not one that the Doorward window made. Press Sign in there again.").WithCode("bad_window")

const maxState = 128

func readDesktopAuthorization(value func(string) string) (a DesktopAuthorization, err error) {
	a.Challenge, a.State = strings.Clone(value("code_challenge")), strings.Clone(value("state"))
	a.Port, err = strconv.Atoi(value("port"))
	hash, bad := base64.RawURLEncoding.Strict().DecodeString(a.Challenge)
	if err != nil || bad != nil || len(hash) != len(a.hash) || a.Port < 1024 || a.Port > 65535 || value("code_challenge_method") != "S256" || !isPlainState(a.State) {
		return a, errDesktopAuthorization
	}
	copy(a.hash[:], hash)
	return a, nil
}

func isPlainState(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return s != "" && len(s) <= maxState
}

// back is the window's own address on the member's computer.
func (a *DesktopAuthorization) back() string { return fmt.Sprintf("http://127.0.0.1:%d", a.Port) }

// desktopPage asks; it changes nothing.
func (s *Server) desktopPage(c *fiber.Ctx) error {
	a, err := readDesktopAuthorization(func(name string) string { return c.Query(name) })
	if err != nil {
		return err
	}
	return s.showDesktop(c, http.StatusOK, DesktopPage{Authorization: a})
}

// showDesktop renders the page; its form leads back to the window.
func (s *Server) showDesktop(c *fiber.Ctx, status int, p DesktopPage) error {
	p.Leaf, p.Days, p.Most = s.leaf(c), days(access.MemberIdleTTL), days(access.MemberSessionTTL)
	p.Email, p.Minutes = principalOf(c).Member.Email.Typed, int(access.ConfirmationCodeTTL/time.Minute)
	c.Set(
		fiber.HeaderContentSecurityPolicy,
		strings.Replace(contentPolicy, "form-action 'self'", "form-action 'self' "+p.Authorization.back(), 1),
	)
	return s.page(c, status, pageDesktop, p)
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func (s *Server) authorizeDesktop(c *fiber.Ctx) error {
	a, err := readDesktopAuthorization(func(name string) string { return c.FormValue(name) })
	if err != nil {
		return err
	}
	code, err := s.authorizeConfirmed(c, a)
	if err != nil || code == "" {
		return err
	}
	back := url.Values{"code": {code.Reveal()}, "state": {a.State}}
	return c.Redirect(a.back()+"/?"+back.Encode(), http.StatusSeeOther)
}

// authorizeConfirmed lets the window in where it is certain that it is still the same
// person. Where it is not, it answers with the page that asks for a code by
// email, which is sent with it, and returns no window's code.
func (s *Server) authorizeConfirmed(c *fiber.Ctx, a DesktopAuthorization) (access.Secret, error) {
	typed, again := strings.Clone(c.FormValue("code")), c.FormValue("again") != ""
	page := DesktopPage{Authorization: a, Sent: true}
	if typed != "" && !again {
		_, err := s.service.Sessions.ConfirmCode(c.UserContext(), s.asker(c), typed)
		if access.Invalid.Is(err) || access.TooMany.Is(err) {
			page.Error = access.Explain(err).Message
			return "", s.showDesktop(c, http.StatusUnprocessableEntity, page)
		}
		if err != nil {
			return "", err
		}
	}
	code, err := s.service.SignIn.AuthorizeDesktop(c.UserContext(), s.asker(c), a.hash)
	if access.Explain(err).Code != "confirmation_required" {
		return code, err
	}
	sent, err := s.service.Sessions.SendConfirmation(c.UserContext(), s.asker(c), strings.Clone(c.Get(fiber.HeaderUserAgent)))
	page.Held = sent.Held
	if access.TooMany.Is(err) {
		page.Error, err = access.Explain(err).Message, nil
	}
	if err != nil {
		return "", err
	}
	return "", s.showDesktop(c, http.StatusOK, page)
}

func (s *Server) mountDesktop(r *room) {
	mount(r, op{
		method:  http.MethodPost,
		path:    "/desktop",
		id:      "enter-window",
		title:   "Sign a native window in",
		text:    "Redeems the code that a member let out at /window, once, with the secret behind its code_challenge. The answer's secret is sent as a bearer token.",
		need:    public(),
		answers: http.StatusCreated,
		fails:   []int{http.StatusGone},
	}, s.signInDesktop)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/desktop",
		id:     "leave-window",
		title:  "Sign a native window out",
		text:   "Ends the session of the window that asks.",
		need:   member(),
	}, s.signOutDesktop)
}

type enterWindowIn struct {
	Body struct {
		Code     string `json:"code"`
		Verifier string `json:"code_verifier" doc:"The secret whose SHA-256, in base64url, was the code_challenge."`
	}
}

type enterWindowOut struct {
	Body struct {
		Secret    string `json:"secret" doc:"Shown this once."`
		Email     string `json:"email" doc:"Whom it acts for."`
		Name      string `json:"name,omitempty" doc:"What they are called."`
		Workspace string `json:"workspace"`
	} `nameHint:"WindowSession"`
}

func (s *Server) signInDesktop(ctx context.Context, _ access.Actor, in *enterWindowIn) (*enterWindowOut, error) {
	c := actorIn(ctx)
	if err := s.slowAttempts(c); err != nil {
		return nil, err
	}
	b := service.Browser{Secret: access.Secret(in.Body.Verifier), From: s.from(c).String(), Agent: strings.Clone(c.Get(fiber.HeaderUserAgent))}
	e, err := s.service.SignIn.RedeemDesktopCode(ctx, access.Secret(in.Body.Code), b)
	if err != nil {
		return nil, err
	}
	out := &enterWindowOut{}
	out.Body.Secret = e.Session.Reveal()
	out.Body.Email, out.Body.Name = e.Member.Email.Typed, e.Member.Name
	out.Body.Workspace = s.workspaceNow(ctx)
	return out, nil
}

func (s *Server) signOutDesktop(ctx context.Context, actor access.Actor, _ *struct{}) (*nothing, error) {
	c := actorIn(ctx)
	secret, _ := c.Locals(secretKey).(access.Secret)
	if p := principalOf(c); p == nil || p.Method != access.MethodDesktop {
		return nil, access.Errorf(access.Invalid, "Only a window can sign itself out here.").WithCode("not_a_window")
	}
	return nil, s.service.Gate.SignOut(ctx, actor, secret)
}
