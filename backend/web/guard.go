package web

import (
	"errors"
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/service"
	"doorward/backend/web/wire"
)

// A Guard identifies the caller, and refuses those that a route is not for and
// those who ask too often. It is safe for concurrent use.
type Guard struct {
	gate     *gate.Gate
	cookies  *Cookies
	sources  *sources
	attempts *limiter
	requests *limiter
	traces   *traces
	fenced   func(*fiber.Ctx) error // makes sure that what is remembered is current
}

// check identifies the caller, from the current state, and refuses what they may
// not do. Afterwards Actor and PrincipalOf return the caller. Only Face.Admission calls it.
func (g *Guard) check(c *fiber.Ctx, n Class) error {
	if c.Locals(localKey) != nil {
		return g.identifyLocal(c)
	}
	switch n.who {
	case publicAudience:
		return g.slow(c)
	case noAudience, operatorAudience:
		return fiber.ErrNotFound
	}
	p, err := g.Identify(c)
	if err != nil {
		return err
	}
	switch {
	case n.who == pendingAudience && p.Actor.Token == "":
		err = p.May(access.May(access.Wait, access.ResPortal))
	case n.who == pendingAudience && !n.tokens:
		return access.NotAllowed(access.May(access.Wait, access.ResPortal))
	case n.who == pendingAudience:
	case p.Actor.Token == "" && p.Member.State == access.Pending:
		err = access.PendingError()
	case n.who == managerAudience:
		err = mayManage(p)
	case n.who == permittedAudience:
		err = p.May(n.needed)
	}
	if err != nil {
		return err
	}
	return g.admit(c, p)
}

// mayManage refuses members who have nothing to do in the console.
func mayManage(p *gate.Principal) error {
	if p.Permissions.CanManage() {
		return nil
	}
	return access.NotAllowed(access.May(access.Read, access.ResMembers))
}

// localOperator is the operator, with the face that they say they use. It is
// called only where nobody but the operator can connect.
func localOperator(c *fiber.Ctx) access.Actor {
	if c.Get("X-Doorward-Via") == string(access.SourceDesktop) {
		return access.DesktopOperator
	}
	return access.Operator
}

// identifyLocal records in whose name the operator acts, if the native console says so
// and that is an active Admin. It is called only where nobody but the operator can
// connect.
func (g *Guard) identifyLocal(c *fiber.Ctx) error {
	as := strings.Clone(c.Get("X-Doorward-As"))
	if as == "" || localOperator(c) != access.DesktopOperator {
		return nil
	}
	id, err := access.ParseMemberID(as)
	if err != nil {
		return nil
	}
	p, err := g.gate.OperatorAs(c.UserContext(), id)
	if access.NotFound.Is(err) {
		return nil // no longer an Admin: it is the operator who acts
	}
	if err != nil {
		return err
	}
	c.Locals(principalKey, p)
	return nil
}

// Identify returns the principal of the request's token or cookie. From then on pages are in
// their language, also those that say what they may not do. Public pages ask it as well, so it
// makes sure of the lead itself. Without a session or token, or with one that is over, the
// error is SignedOut; a network that shows too many secrets which are not valid gets TooMany.
func (g *Guard) Identify(c *fiber.Ctx) (*gate.Principal, error) {
	if err := g.fenced(c); err != nil {
		return nil, err
	}
	p, err := g.identify(c)
	if err == nil {
		c.Locals(languageKey, p.Member.Language)
	}
	return p, err
}

func (g *Guard) identify(c *fiber.Ctx) (*gate.Principal, error) {
	if bearer := c.Get(fiber.HeaderAuthorization); bearer != "" {
		token, ok := BearerToken(bearer)
		if !ok || !isAPI(c) {
			return nil, access.Errorf(access.SignedOut, "Send the API token in this header: Authorization: Bearer "+
				"dw_…").
				WithCode("bad_token")
		}
		if strings.HasPrefix(token, access.DesktopSecretPrefix) {
			return g.identifyDesktop(c, access.Secret(strings.Clone(token)))
		}
		p, err := g.gate.TokenPrincipal(c.UserContext(), access.Secret(strings.Clone(token)))
		return p, g.failedAttempt(c, err)
	}
	secret := g.cookies.session(c)
	if secret == "" {
		if err := g.slow(c); err != nil {
			return nil, err
		}
		return nil, access.SignedOutError()
	}
	p, err := g.principal(c, secret)
	if err != nil {
		return nil, g.failedAttempt(c, err)
	}
	if p.Stale && Navigates(c) {
		return g.rotate(c, secret)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

// BearerToken returns the token in an Authorization header. The name of the scheme
// is the same in any case, and spaces may follow it (RFC 9110, 11.1 and 11.4).
func BearerToken(header string) (token string, ok bool) {
	scheme, rest, found := strings.Cut(header, " ")
	return strings.Trim(rest, " "), found && strings.EqualFold(scheme, "Bearer")
}

// identifyDesktop returns the principal that a native window acts for. Its secret
// is not rotated when permissions rise: nobody could have planted it, for it is
// only given to the window that holds the proof.
func (g *Guard) identifyDesktop(c *fiber.Ctx, secret access.Secret) (*gate.Principal, error) {
	p, err := g.principal(c, secret)
	if err != nil {
		return nil, g.failedAttempt(c, err)
	}
	c.Locals(secretKey, secret)
	return p, nil
}

func (g *Guard) principal(c *fiber.Ctx, secret access.Secret) (*gate.Principal, error) {
	if c.Get(HeaderBackground) != "" {
		return g.gate.Listener(c.UserContext(), secret)
	}
	return g.gate.Principal(c.UserContext(), secret)
}

// failedAttempt counts a secret that was not valid. That of a suspended member's session is
// no guess: an undo opens it again.
func (g *Guard) failedAttempt(c *fiber.Ctx, err error) error {
	if !access.SignedOut.Is(err) {
		return err
	}
	if errors.Is(err, access.ErrUnknownCode) {
		g.Notice(c, access.TraceBadToken)
	}
	limit := g.SlowAttempts
	var ended *gate.SessionEndedError
	if errors.As(err, &ended) && ended.Stored {
		limit = g.slow
	}
	if slow := limit(c); slow != nil {
		return slow
	}
	return err
}

// Navigates reports whether the request is for a page. Only such a request gets a
// session's rotated secret: of several requests that a page makes at once, the
// first would leave the others with a void secret.
func Navigates(c *fiber.Ctx) bool {
	mode := c.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}

// rotate gives a session whose permissions have risen its new secret.
func (g *Guard) rotate(c *fiber.Ctx, old access.Secret) (*gate.Principal, error) {
	fresh, err := g.gate.Rotate(c.UserContext(), old)
	if err != nil {
		return nil, err
	}
	g.cookies.SignIn(c, service.NewSession{Session: fresh})
	return g.gate.Principal(c.UserContext(), fresh)
}

// admit records the caller. A request that changes something must come from one
// of our pages, unless it has a token or a window's secret, which no browser
// sends automatically.
func (g *Guard) admit(c *fiber.Ctx, p *gate.Principal) error {
	if via(c, p) == access.SourceConsole && !IsSafe(c) && !g.cookies.sameOrigin(c, false) {
		return errForeignForm
	}
	c.Locals(principalKey, p)
	trust(c)
	return nil
}

// via returns the face that a principal uses.
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

// PrincipalOf returns the admitted principal; nil for a visitor without an account, and for
// the operator unless they act in a member's name.
func PrincipalOf(c *fiber.Ctx) *gate.Principal {
	p, _ := c.Locals(principalKey).(*gate.Principal)
	return p
}

// SecretOf returns the secret of the admitted session or window; empty for
// tokens, the operator, and visitors who are not signed in.
func SecretOf(c *fiber.Ctx) access.Secret {
	secret, _ := c.Locals(secretKey).(access.Secret)
	return secret
}

// Actor returns the admitted caller, as the service and the audit log know them.
func (g *Guard) Actor(c *fiber.Ctx) access.Actor {
	p := PrincipalOf(c)
	if c.Locals(localKey) != nil {
		actor := localOperator(c)
		if p != nil {
			actor = p.Actor
		}
		actor.Machine, _ = c.Locals(machineKey).(string)
		return actor
	}
	if p == nil {
		return access.Actor{Source: access.SourcePortal}
	}
	return access.Actor{
		Member:  p.Actor.Member,
		Token:   p.Actor.Token,
		Session: p.Actor.Session,
		Source:  via(c, p),
		From:    g.sources.from(c).String(),
	}
}

// slow refuses a source that sends too many requests without a session.
func (g *Guard) slow(c *fiber.Ctx) error { return slowed(g.requests.allow(g.sources.from(c))) }

// SlowAttempts is slow for requests that guess at secrets or cause emails. Its error says how
// long to wait. The operator is never slowed.
func (g *Guard) SlowAttempts(c *fiber.Ctx) error {
	if c.Locals(localKey) != nil {
		return nil
	}
	return slowed(g.attempts.allow(g.sources.from(c)))
}

// Notice counts a request as an event of this kind. Only the operator can reach
// the operator's face, so it leaves no traces.
func (g *Guard) Notice(c *fiber.Ctx, kind access.Trace) {
	if _, overTCP := c.Context().RemoteAddr().(*net.TCPAddr); !overTCP || c.Locals(localKey) != nil {
		return
	}
	g.traces.note(kind, g.sources.from(c))
}

// NoticeRefusal counts a refusal, if its kind is one that leaves a trace.
func (g *Guard) NoticeRefusal(c *fiber.Ctx, err error, shown *access.Error, status int) {
	if kind := traceOf(err, shown, status); kind != "" {
		g.Notice(c, kind)
	}
}

// trust marks the request's connection as a member's, and tells a machine that has forwarded it
// to do so.
func trust(c *fiber.Ctx) {
	if c.Locals(visitorKey) != nil {
		c.Set(memberHeader, "1")
	} else if conn, ok := c.Context().Conn().(*wire.Conn); ok {
		conn.Trust()
	}
}
