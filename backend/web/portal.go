package web

import (
	"cmp"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/gate"
	"doorward/backend/service"
	"doorward/backend/text"
)

// A Portal is the pages of invited people and members. It is safe for concurrent
// use.
type Portal struct {
	web     *Server
	service *service.Service
	pages   *pages
	log     *slog.Logger
}

// NewPortal makes the portal of a server. It fails where a page's template does not parse.
func NewPortal(s *Server, o PortalOptions) (*Portal, error) {
	pages, err := newPages(o.Frontend)
	if err != nil {
		return nil, err
	}
	return &Portal{web: s, service: o.Service, pages: pages, log: o.Logger}, nil
}

// PortalOptions are what a Portal is made of.
type PortalOptions struct {
	Service  *service.Service
	Frontend fs.FS // holds portal/ and tokens.css
	Logger   *slog.Logger
}

// Mount mounts the pages, and has them say what people are refused.
func (s *Portal) Mount(f *Face) {
	get, post := f.AddPage, f.AddForm
	f.AnswerRefusals(s.refused)

	get("/assets/:name", Public(), s.asset)

	get("/setup/:token", Public(), s.setupPage)
	post("/setup/:token", Public(), s.setUp)
	get("/login", Public(), s.loginPage)
	post("/login", Public(), s.ask)
	get("/login/code", Public(), func(c *fiber.Ctx) error { return c.Redirect("/login", http.StatusSeeOther) })
	post("/login/code", Public(), s.redeemCode)
	get("/login/:token", Public(), s.linkPage)
	post("/login/:token", Public(), s.redeemLink)
	post("/login/:token/renew", Public(), s.renewLink)

	get("/pending", Pending(), s.pendingPage)
	post("/pending/note", Pending(), s.note)
	post("/pending/withdraw", Pending(), s.withdraw)
	post("/logout", Pending(), s.logOut)

	get("/", Member(), s.home)
	for _, sec := range sections {
		get("/"+sec.name, Permission(access.May(access.Open, access.Resource(sec.name))), s.section)
		for _, r := range sec.resources {
			get("/"+sec.name+"/"+r.name, Permission(access.May(access.Open, access.Resource(sec.name+"/"+r.name))), s.resource)
		}
	}
	get("/desktop", Manager(), s.desktopPage)
	post("/desktop", Manager(), s.authorizeDesktop)
}

func (s *Portal) asset(c *fiber.Ctx) error {
	f, ok := s.pages.assets["/assets/"+c.Params("name")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return f.Send(c)
}

// secretParam is the token in the path; one of another length is no token.
func secretParam(c *fiber.Ctx) access.Secret {
	t := c.Params("token")
	if len(t) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(t))
}

func (s *Portal) setupPage(c *fiber.Ctx) error {
	if err := s.service.Setup.IsOpen(c.UserContext(), secretParam(c)); err != nil {
		return err
	}
	return s.showSetup(c, http.StatusOK, SetupPage{WorkspaceName: access.DefaultWorkspace})
}

func (s *Portal) showSetup(c *fiber.Ctx, code int, p SetupPage) error {
	p.Leaf, p.Action = s.leaf(c), "/setup/"+secretParam(c).Reveal()
	return s.page(c, code, pageSetup, p)
}

// setUp makes the first Admin. What is wrong is said beside its field.
func (s *Portal) setUp(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	p := SetupPage{WorkspaceName: strings.Clone(c.FormValue("workspace")), Name: strings.Clone(c.FormValue("name")), Email: strings.Clone(c.FormValue("email"))}
	to, err := address.Parse(p.Email)
	var e service.NewSession
	if err == nil {
		e, err = s.service.Setup.SetUp(c.UserContext(), secretParam(c), service.FirstAdmin{Email: to, Name: p.Name, Workspace: p.WorkspaceName}, s.web.Cookies.Browser(c))
	}
	if access.Invalid.Is(err) {
		shown := access.Explain(err)
		p.Errors = map[string]string{shown.Field: shown.Message}
		return s.showSetup(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	s.web.Cookies.SignIn(c, e)
	return c.Redirect("/", http.StatusSeeOther)
}

func (s *Portal) loginPage(c *fiber.Ctx) error {
	if p, err := s.web.Guard.Identify(c); err == nil {
		to := "/"
		if p.Member.State == access.Pending {
			to = "/pending"
		}
		return c.Redirect(to, http.StatusSeeOther)
	} else if why := isEnded(err); why != "" {
		return err
	}
	return s.page(c, http.StatusOK, pageLogin, LoginPage{Leaf: s.leaf(c), Next: nextOf(c)})
}

// nextOf is where to go after signing in: a path of ours, or nowhere.
func nextOf(c *fiber.Ctx) string {
	next := c.Query("next")
	if c.Method() == fiber.MethodPost {
		next = c.FormValue("next")
	}
	if p := safePath(strings.Clone(next)); p != "/" {
		return p
	}
	return ""
}

// ask answers alike for every address: the email, if there is one, is made
// afterwards.
func (s *Portal) ask(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	typed := strings.Clone(c.FormValue("email"))
	to, err := address.Parse(typed)
	if err != nil {
		return s.page(c, http.StatusUnprocessableEntity, pageLogin, LoginPage{Leaf: s.leaf(c), Email: typed, Error: access.Explain(err).Message, Next: nextOf(c)})
	}
	if err := s.service.SignIn.Request(c.UserContext(), to, s.web.Cookies.KnownBrowser(c)); err != nil {
		return err
	}
	return s.page(c, http.StatusOK, pageLoginCode, s.codePage(c, to.Typed, ""))
}

func (s *Portal) codePage(c *fiber.Ctx, email, wrong string) LoginCodePage {
	return LoginCodePage{Leaf: s.leaf(c), Email: email, Error: wrong, Next: nextOf(c), Minutes: int(access.SignInTTL / time.Minute)}
}

// maxCodeShown is how much of what was typed for a code is given back.
const maxCodeShown = 40

func (s *Portal) redeemCode(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	e, err := s.service.SignIn.RedeemCode(c.UserContext(), strings.Clone(c.FormValue("code")), s.web.Cookies.Browser(c))
	if access.Invalid.Is(err) {
		why := access.Explain(err)
		if why.Code == access.WrongCode().Code { // what is no code at all is no guess either
			s.web.Guard.Notice(c, access.TraceWrongCode)
		}
		p := s.codePage(c, strings.Clone(c.FormValue("email")), why.Message)
		p.Code = access.Shorten(strings.Clone(c.FormValue("code")), maxCodeShown)
		return s.page(c, http.StatusUnprocessableEntity, pageLoginCode, p)
	}
	if err != nil {
		return err
	}
	return s.entered(c, e)
}

// entered hands over the session and leads on.
func (s *Portal) entered(c *fiber.Ctx, e service.NewSession) error {
	s.web.Cookies.SignIn(c, e)
	if e.Member.State == access.Pending {
		return c.Redirect("/pending", http.StatusSeeOther)
	}
	return c.Redirect(cmp.Or(nextOf(c), "/"), http.StatusSeeOther)
}

// linkPage is what a login link opens. It changes nothing.
func (s *Portal) linkPage(c *fiber.Ctx) error {
	token := secretParam(c)
	b := s.web.Cookies.Browser(c)
	peek, err := s.service.SignIn.PeekLink(c.UserContext(), token, b)
	if err != nil {
		return s.linkRefused(c, token, err)
	}
	p := LinkPage{Leaf: s.leaf(c), Action: "/login/" + token.Reveal(), Invitation: peek.Purpose == access.ForInvitation && peek.State == access.Pending,
		Email: peek.Email.Typed, Inviter: peek.InvitedBy, InviterEmail: beside(peek.InviterEmail, peek.InvitedBy), Roles: text.Strings(peek.Roles), Until: peek.ExpiresAt, Now: time.Now(), Note: peek.Note}
	return s.page(c, http.StatusOK, pageLink, p)
}

// beside is an address to show beside a name: nothing where it is the name.
func beside(email, name string) string {
	if email == name {
		return ""
	}
	return email
}

// linkRefused is the page for a link that does not open. All that are no longer
// good, or never were, read alike.
func (s *Portal) linkRefused(c *fiber.Ctx, token access.Secret, err error) error {
	action := "/login/" + cmp.Or(token.Reveal(), strings.Repeat("0", access.SecretLength)) + "/renew"
	shown := access.Explain(err)
	switch {
	case shown.Code == "link_dead":
		s.web.Guard.NoticeRefusal(c, err, shown, http.StatusGone)
		return s.page(c, http.StatusGone, pageLinkDead, LinkDeadPage{Leaf: s.leaf(c), Action: action})
	case shown.Code == "wrong_browser":
		return s.page(c, http.StatusForbidden, pageWrongBrowser, WrongBrowserPage{Leaf: s.leaf(c), Action: action})
	}
	return err
}

func (s *Portal) redeemLink(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	token := secretParam(c)
	e, err := s.service.SignIn.RedeemLink(c.UserContext(), token, s.web.Cookies.Browser(c))
	if err != nil {
		return s.linkRefused(c, token, err)
	}
	return s.entered(c, e)
}

func (s *Portal) renewLink(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	if err := s.service.SignIn.RenewLink(c.UserContext(), secretParam(c), s.web.Cookies.KnownBrowser(c)); err != nil {
		return err
	}
	return s.page(c, http.StatusOK, pageLinkRenewed, LinkRenewedPage{Leaf: s.leaf(c)})
}

func (s *Portal) pendingPage(c *fiber.Ctx) error {
	if PrincipalOf(c).Member.State != access.Pending {
		return c.Redirect("/", http.StatusSeeOther)
	}
	return s.showPending(c, http.StatusOK, func(p *PendingPage) {
		p.NoteSaved, p.Held = c.Query("saved") != "", c.Query("hold") != ""
	})
}

func (s *Portal) showPending(c *fiber.Ctx, code int, more func(*PendingPage)) error {
	w, err := s.service.Account.PendingView(c.UserContext(), PrincipalOf(c).Member.ID)
	if err != nil {
		return err
	}
	m := w.Member
	p := PendingPage{Leaf: s.leaf(c), Name: m.Name, Email: m.Email.Typed, Inviter: w.InvitedBy, InvitedAt: m.Invitation.At,
		Roles: text.Strings(m.Roles), Since: m.JoinedAt(), Verified: !m.EmailVerifiedAt.IsZero(), Now: time.Now(), Note: m.Note}
	more(&p)
	return s.page(c, code, pagePending, p)
}

func (s *Portal) note(c *fiber.Ctx) error {
	text := strings.Clone(c.FormValue("note"))
	err := s.service.Account.Note(c.UserContext(), s.web.Guard.Actor(c), strings.ReplaceAll(text, "\r\n", " "))
	if access.Invalid.Is(err) {
		return s.showPending(c, http.StatusUnprocessableEntity, func(p *PendingPage) {
			p.Note, p.NoteError = text, access.Explain(err).Message
		})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/pending?saved=1", http.StatusSeeOther)
}

func (s *Portal) withdraw(c *fiber.Ctx) error {
	if err := s.service.Account.Withdraw(c.UserContext(), s.web.Guard.Actor(c)); err != nil {
		return err
	}
	s.web.Cookies.SignOut(c)
	l := s.leaf(c)
	return s.page(c, http.StatusOK, pageMessage, withdrawnPage(l))
}

func (s *Portal) logOut(c *fiber.Ctx) error {
	everywhere, tokens := c.FormValue("everywhere") != "", c.FormValue("tokens") != ""
	var err error
	if everywhere {
		err = s.service.Sessions.SignOutEverywhere(c.UserContext(), s.web.Guard.Actor(c), PrincipalOf(c).Member.ID, tokens)
	} else {
		err = s.service.Gate.SignOut(c.UserContext(), s.web.Guard.Actor(c), SecretOf(c))
	}
	s.web.Cookies.SignOut(c) // also where the session cannot be ended here: this browser is done with it
	c.Set("Clear-Site-Data", leaves(everywhere))
	if err != nil {
		return err
	}
	return s.page(
		c,
		http.StatusOK,
		pageMessage,
		signedOutPage(Leaf{Workspace: s.web.Workspace(c.UserContext())}, everywhere, tokens),
	)
}

// leaves is what a browser deletes when its member signs out. The cookie that
// makes it a known browser stays, unless all is to be closed: it opens nothing.
func leaves(everywhere bool) string {
	if everywhere {
		return `"cookies", "storage"`
	}
	return `"storage"`
}

func (s *Portal) home(c *fiber.Ctx) error {
	p := PrincipalOf(c)
	h := HomePage{Leaf: s.leaf(c), Name: p.Member.Name, Email: p.Member.Email.Typed, Roles: text.Strings(p.Member.Roles), LastSignIn: p.PreviousSignIn(), Now: time.Now()}
	h.Sections = openSections(p)
	h.Admin = p.Permissions.CanManage()
	var err error
	if h.Tokens, err = s.service.Tokens.Owned(c.UserContext(), p.Actor, p.Member.ID); err != nil {
		return err
	}
	if p.May(access.May(access.Read, access.ResMembers)) == nil {
		o, err := s.service.Dashboard.Overview(c.UserContext(), s.web.Guard.Actor(c))
		if err != nil {
			return err
		}
		h.Pending = o.Pending
	}
	return s.page(c, http.StatusOK, pageHome, h)
}

// sections are the workspace's sections, as the portal shows them.
var sections = []struct {
	name, title string
	resources   []struct{ name, title string }
}{
	{"ailoop", "AILoop", []struct{ name, title string }{{"datalake", "Data Lake"}, {"flows", "Flows"}}},
	{"fleet", "Fleet", []struct{ name, title string }{{"datalake", "Data Lake"}, {"flows", "Flows"}}},
}

// openSections are the sections that the principal may enter, with the places
// in them that they may open.
func openSections(p *gate.Principal) (open []Section) {
	for _, sec := range sections {
		in := Section{Name: sec.title, Path: "/" + sec.name}
		for _, r := range sec.resources {
			if p.May(access.May(access.Open, access.Resource(sec.name+"/"+r.name))) == nil {
				in.Resources = append(in.Resources, Resource{r.title, in.Path + "/" + r.name})
			}
		}
		if len(in.Resources) > 0 || p.May(access.May(access.Open, access.Resource(sec.name))) == nil {
			open = append(open, in)
		}
	}
	return open
}

// sectionTitle is what the place at a path is called; empty for other paths.
func sectionTitle(p string) string {
	first, second, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	for _, sec := range sections {
		if sec.name != first {
			continue
		}
		for _, r := range sec.resources {
			if r.name == second {
				return sec.title + " " + r.title
			}
		}
		return sec.title
	}
	if first == "admin" {
		return "The console"
	}
	if first == "desktop" {
		return "The Doorward window"
	}
	return ""
}

func (s *Portal) section(c *fiber.Ctx) error {
	for _, sec := range openSections(PrincipalOf(c)) {
		if sec.Path == c.Path() {
			return s.page(c, http.StatusOK, pageSection, SectionPage{Leaf: s.leaf(c), Section: sec})
		}
	}
	return fiber.ErrNotFound
}

func (s *Portal) resource(c *fiber.Ctx) error {
	for _, sec := range openSections(PrincipalOf(c)) {
		for _, r := range sec.Resources {
			if r.Path == c.Path() {
				return s.page(c, http.StatusOK, pageResource, ResourcePage{Leaf: s.leaf(c), Section: sec, Resource: r,
					Admin: PrincipalOf(c).May(access.May(access.Change, access.ResApplications)) == nil})
			}
		}
	}
	return fiber.ErrNotFound
}
