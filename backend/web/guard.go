package web

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/desk"
)

// A need is who may use a route. The zero value is nobody: a route has to be
// classified to be reachable.
type need struct {
	who    who
	ask    access.Permission
	tokens bool // of theWaiting: API tokens of active members as well
}

type who int

const (
	nobody       who = iota
	anybody          // no account needed
	theWaiting       // pending and active members, by session
	theActive        // active members, by session or token
	theManagers      // active members with something to do in the console
	thePermitted     // whoever holds the permission
	theOperator      // whoever holds the machine
)

func public() need                        { return need{who: anybody} }
func waiting() need                       { return need{who: theWaiting} }
func waitingOrToken() need                { return need{who: theWaiting, tokens: true} }
func member() need                        { return need{who: theActive} }
func manager() need                       { return need{who: theManagers} }
func permission(p access.Permission) need { return need{who: thePermitted, ask: p} }
func operator() need                      { return need{who: theOperator} }

// String is the class, for the test that sweeps the routes.
func (n need) String() string {
	if n.who == thePermitted {
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
// may not. Afterwards asker and principal tell the handler.
func (s *Server) guard(c *fiber.Ctx, n need) error {
	if c.Locals(localKey) != nil {
		return nil
	}
	switch n.who {
	case anybody:
		return s.slow(c)
	case nobody, theOperator:
		return fiber.ErrNotFound
	}
	p, err := s.identify(c)
	if err != nil {
		return err
	}
	switch {
	case n.who == theWaiting && p.By.Token != "" && n.tokens:
	case n.who == theWaiting && p.By.Token != "":
		return access.NotAllowed(access.May(access.Wait, access.ResDoor))
	case n.who == theWaiting:
		err = p.May(access.May(access.Wait, access.ResDoor))
	case p.By.Token == "" && p.Member.State == access.Pending:
		err = errPending
	case n.who == theManagers:
		err = mayManage(p)
	case n.who == thePermitted:
		err = p.May(n.ask)
	}
	if err != nil {
		return err
	}
	return s.admit(c, p)
}

// localOperator is the operator, at the face that they say they use. It is
// asked only where the operator alone can speak.
func localOperator(c *fiber.Ctx) access.By {
	if c.Get("X-Doorward-Via") == string(access.ViaWindow) {
		return access.OperatorInWindow
	}
	return access.Operator
}

// identify is whoever the request's token or cookie belongs to.
func (s *Server) identify(c *fiber.Ctx) (*desk.Principal, error) {
	if bearer := c.Get(fiber.HeaderAuthorization); bearer != "" {
		token, ok := strings.CutPrefix(bearer, "Bearer ")
		if !ok || !isAPI(c) {
			return nil, access.Errorf(access.SignedOut, "Send the API token as: Authorization: Bearer dw_…").WithCode("bad_token")
		}
		if strings.HasPrefix(token, access.WindowPrefix) {
			return s.identifyWindow(c, access.Secret(strings.Clone(token)))
		}
		p, err := s.desk.WhoToken(c.UserContext(), access.Secret(strings.Clone(token)))
		return p, s.failedTry(c, err)
	}
	secret := s.sessionSecret(c)
	if secret == "" {
		return nil, firstError(s.slow(c), access.SignedOutError())
	}
	p, err := s.desk.Who(c.UserContext(), secret)
	if err != nil {
		return nil, s.failedTry(c, err)
	}
	if p.Stale && navigates(c) {
		return s.rotate(c, secret)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

// identifyWindow is whoever a native window acts for. Its secret stays the same
// when rights rise: nobody could have planted it, for only the window that holds
// the proof was ever given it.
func (s *Server) identifyWindow(c *fiber.Ctx, secret access.Secret) (*desk.Principal, error) {
	p, err := s.desk.Who(c.UserContext(), secret)
	if err != nil {
		return nil, s.failedTry(c, err)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

// failedTry counts a secret that opened nothing.
func (s *Server) failedTry(c *fiber.Ctx, err error) error {
	if err == nil || !access.SignedOut.Is(err) {
		return err
	}
	if errors.Is(err, access.ErrUnknown) {
		s.notice(c, access.TraceBadToken)
	}
	if slow := s.slowTries(c); slow != nil {
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
func (s *Server) rotate(c *fiber.Ctx, old access.Secret) (*desk.Principal, error) {
	fresh, err := s.desk.Rotate(c.UserContext(), old)
	if err != nil {
		return nil, err
	}
	s.signIn(c, desk.Entry{Session: fresh})
	return s.desk.Who(c.UserContext(), fresh)
}

// admit notes who asks. What changes something must come from a page of ours,
// unless a token or a window's secret, which no browser sends by itself, speaks
// for it.
func (s *Server) admit(c *fiber.Ctx, p *desk.Principal) error {
	if via(c, p) == access.ViaConsole && !safeMethod(c) && !s.sameOrigin(c, false) {
		return errForeignForm
	}
	c.Locals(principalKey, p)
	trust(c)
	return nil
}

// via is the face that a principal uses.
func via(c *fiber.Ctx, p *desk.Principal) access.Via {
	switch {
	case p.By.Token != "":
		return access.ViaAPI
	case p.Method == access.MethodWindow:
		return access.ViaWindow
	case isAPI(c):
		return access.ViaConsole
	}
	return access.ViaDoor
}

func safeMethod(c *fiber.Ctx) bool {
	m := c.Method()
	return m == fiber.MethodGet || m == fiber.MethodHead || m == fiber.MethodOptions
}

// principal is whoever was let through; nil for the operator and for nobody.
func principal(c *fiber.Ctx) *desk.Principal {
	p, _ := c.Locals(principalKey).(*desk.Principal)
	return p
}

// asker is whoever was let through, as the desk and the audit log know them.
func (s *Server) asker(c *fiber.Ctx) access.By {
	if c.Locals(localKey) != nil {
		return localOperator(c)
	}
	p := principal(c)
	if p == nil {
		return access.By{Via: access.ViaDoor}
	}
	return access.By{
		Member:  p.By.Member,
		Token:   p.By.Token,
		Session: p.By.Session,
		Via:     via(c, p),
		From:    s.from(c).String(),
	}
}

// slow refuses a source that asks for more than its share without a session.
func (s *Server) slow(c *fiber.Ctx) error { return slowed(s.requests.allow(s.from(c))) }

// slowTries is slow for what guesses at secrets or makes letters.
func (s *Server) slowTries(c *fiber.Ctx) error {
	if c.Locals(localKey) != nil {
		return nil
	}
	return slowed(s.tries.allow(s.from(c)))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// isEnded is why the session behind err ended; empty where nobody knows.
func isEnded(err error) access.Ending {
	var e *desk.Ended
	if errors.As(err, &e) {
		return e.Why
	}
	return ""
}
