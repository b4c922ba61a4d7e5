package web

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/service"
)

// A routeClass is who may use a route. The zero value is nobody: a route has to be
// classified to be reachable.
type routeClass struct {
	who    audience
	ask    access.Permission
	tokens bool // of pendingAudience: API tokens of active members as well
}

type audience int

const (
	noAudience        audience = iota
	publicAudience             // no account needed
	pendingAudience            // pending and active members, by session
	memberAudience             // active members, by session or token
	managerAudience            // active members with something to do in the console
	permittedAudience          // whoever holds the permission
	operatorAudience           // whoever holds the machine
)

func public() routeClass                        { return routeClass{who: publicAudience} }
func pending() routeClass                       { return routeClass{who: pendingAudience} }
func waitingOrToken() routeClass                { return routeClass{who: pendingAudience, tokens: true} }
func member() routeClass                        { return routeClass{who: memberAudience} }
func manager() routeClass                       { return routeClass{who: managerAudience} }
func permission(p access.Permission) routeClass { return routeClass{who: permittedAudience, ask: p} }
func operator() routeClass                      { return routeClass{who: operatorAudience} }

// String is the class, for the test that sweeps the routes.
func (n routeClass) String() string {
	if n.who == permittedAudience {
		return n.ask.String()
	}
	return [...]string{"nobody", "public", "waiting", "member", "manager", "", "operator"}[n.who]
}

var (
	errForeignHost = access.Errorf(access.Invalid, "This server does not answer to that name.").WithCode("foreign_host")
	errForeignForm = access.Errorf(access.Forbidden, "This form did not come from a page of ours, or the page was open for too long. Open it again.").WithCode("foreign_form")
	errPending     = access.Errorf(access.Forbidden, "Your account waits for approval. Until then only the waiting page is open.").WithCode("pending")
)

// guard finds out who asks, from the state as it is now, and refuses what they
// may not. Afterwards caller and principal tell the handler.
func (s *Server) guard(c *fiber.Ctx, n routeClass) error {
	if c.Locals(localKey) != nil {
		return nil
	}
	switch n.who {
	case publicAudience:
		return s.slow(c)
	case noAudience, operatorAudience:
		return fiber.ErrNotFound
	}
	p, err := s.identify(c)
	if err != nil {
		return err
	}
	switch {
	case n.who == pendingAudience && p.Actor.Token != "" && n.tokens:
	case n.who == pendingAudience && p.Actor.Token != "":
		return access.NotAllowed(access.May(access.Wait, access.ResPortal))
	case n.who == pendingAudience:
		err = p.May(access.May(access.Wait, access.ResPortal))
	case p.Actor.Token == "" && p.Member.State == access.Pending:
		err = errPending
	case n.who == managerAudience:
		err = mayManage(p)
	case n.who == permittedAudience:
		err = p.May(n.ask)
	}
	if err != nil {
		return err
	}
	return s.admit(c, p)
}

// localOperator is the operator, at the face that they say they use. It is
// asked only where the operator alone can speak.
func localOperator(c *fiber.Ctx) access.Actor {
	if c.Get("X-Doorward-Via") == string(access.SourceDesktop) {
		return access.DesktopOperator
	}
	return access.Operator
}

// identify is whoever the request's token or cookie belongs to.
func (s *Server) identify(c *fiber.Ctx) (*gate.Principal, error) {
	if bearer := c.Get(fiber.HeaderAuthorization); bearer != "" {
		token, ok := strings.CutPrefix(bearer, "Bearer ")
		if !ok || !isAPI(c) {
			return nil, access.Errorf(access.SignedOut, "Send the API token as: Authorization: Bearer dw_…").WithCode("bad_token")
		}
		if strings.HasPrefix(token, access.DesktopSecretPrefix) {
			return s.identifyDesktop(c, access.Secret(strings.Clone(token)))
		}
		p, err := s.service.Gate.TokenPrincipal(c.UserContext(), access.Secret(strings.Clone(token)))
		return p, s.failedAttempt(c, err)
	}
	secret := s.sessionSecret(c)
	if secret == "" {
		if err := s.slow(c); err != nil {
			return nil, err
		}
		return nil, access.SignedOutError()
	}
	p, err := s.service.Gate.Principal(c.UserContext(), secret)
	if err != nil {
		return nil, s.failedAttempt(c, err)
	}
	if p.Stale && navigates(c) {
		return s.rotate(c, secret)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

// identifyDesktop is whoever a native window acts for. Its secret stays the same
// when rights rise: nobody could have planted it, for only the window that holds
// the proof was ever given it.
func (s *Server) identifyDesktop(c *fiber.Ctx, secret access.Secret) (*gate.Principal, error) {
	p, err := s.service.Gate.Principal(c.UserContext(), secret)
	if err != nil {
		return nil, s.failedAttempt(c, err)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

// failedAttempt counts a secret that opened nothing.
func (s *Server) failedAttempt(c *fiber.Ctx, err error) error {
	if err == nil || !access.SignedOut.Is(err) {
		return err
	}
	if errors.Is(err, access.ErrUnknownCode) {
		s.notice(c, access.TraceBadToken)
	}
	if slow := s.slowAttempts(c); slow != nil {
		return slow
	}
	return err
}

// navigates reports whether the request is for a page of its own. Only such a
// one gets a session's new secret: of several that a page makes at once, the
// first would leave the others with a secret that is worth nothing.
func navigates(c *fiber.Ctx) bool {
	mode := c.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}

// rotate gives a session whose rights have risen its new secret.
func (s *Server) rotate(c *fiber.Ctx, old access.Secret) (*gate.Principal, error) {
	fresh, err := s.service.Gate.Rotate(c.UserContext(), old)
	if err != nil {
		return nil, err
	}
	s.signIn(c, service.NewSession{Session: fresh})
	return s.service.Gate.Principal(c.UserContext(), fresh)
}

// admit notes who asks. What changes something must come from a page of ours,
// unless a token or a window's secret, which no browser sends by itself, speaks
// for it.
func (s *Server) admit(c *fiber.Ctx, p *gate.Principal) error {
	if via(c, p) == access.SourceConsole && !safeMethod(c) && !s.sameOrigin(c, false) {
		return errForeignForm
	}
	c.Locals(principalKey, p)
	trust(c)
	return nil
}

// via is the face that a principal uses.
func via(c *fiber.Ctx, p *gate.Principal) access.Source {
	switch {
	case p.Actor.Token != "":
		return access.SourceAPI
	case p.Method == access.MethodDesktop:
		return access.SourceDesktop
	case isAPI(c):
		return access.SourceConsole
	}
	return access.SourcePortal
}

func safeMethod(c *fiber.Ctx) bool {
	m := c.Method()
	return m == fiber.MethodGet || m == fiber.MethodHead || m == fiber.MethodOptions
}

// principalOf is whoever was let through; nil for the operator and for nobody.
func principalOf(c *fiber.Ctx) *gate.Principal {
	p, _ := c.Locals(principalKey).(*gate.Principal)
	return p
}

// caller is whoever was let through, as the service and the audit log know them.
func (s *Server) asker(c *fiber.Ctx) access.Actor {
	if c.Locals(localKey) != nil {
		return localOperator(c)
	}
	p := principalOf(c)
	if p == nil {
		return access.Actor{Source: access.SourcePortal}
	}
	return access.Actor{
		Member:  p.Actor.Member,
		Token:   p.Actor.Token,
		Session: p.Actor.Session,
		Source:  via(c, p),
		From:    s.from(c).String(),
	}
}

// slow refuses a source that asks for more than its share without a session.
func (s *Server) slow(c *fiber.Ctx) error { return slowed(s.requests.allow(s.from(c))) }

// slowAttempts is slow for what guesses at secrets or makes emails.
func (s *Server) slowAttempts(c *fiber.Ctx) error {
	if c.Locals(localKey) != nil {
		return nil
	}
	return slowed(s.attempts.allow(s.from(c)))
}

// isEnded is why the session behind err ended; empty where nobody knows.
func isEnded(err error) access.EndReason {
	var e *gate.SessionEndedError
	if errors.As(err, &e) {
		return e.Why
	}
	return ""
}
