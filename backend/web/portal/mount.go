package portal

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

// Mount mounts the pages, and shows people what the server refuses.
func (s *Portal) Mount(f *web.Face) {
	get, post := f.AddPage, f.AddForm
	f.AnswerRefusals(s.refused)

	get("/assets/:name", web.Static(), s.asset)
	get("/brand/:name", web.Public(), s.brandFile)

	get("/setup/:token", web.Public(), s.setupPage)
	post("/setup/:token", web.Public(), s.setUp)
	get("/login", web.Public(), s.onceSetUp(s.loginPage))
	post("/login", web.Public(), s.onceSetUp(s.ask))
	get("/login/code", web.Public(), func(c *fiber.Ctx) error { return c.Redirect("/login", http.StatusSeeOther) })
	post("/login/code", web.Public(), s.onceSetUp(s.redeemCode))
	get("/login/:token", web.Public(), s.onceSetUp(s.linkPage))
	post("/login/:token", web.Public(), s.onceSetUp(s.redeemLink))
	post("/login/:token/renew", web.Public(), s.onceSetUp(s.renewLink))

	post("/language", web.Public(), s.setLanguage)

	get("/pending", web.Pending(), s.pendingPage)
	post("/pending/note", web.Pending(), s.note)
	post("/pending/withdraw", web.Pending(), s.withdraw)
	post("/logout", web.Pending(), s.logOut)

	get("/", web.Member(), s.home)
	post("/account/name", web.Member(), s.rename)
	for _, sec := range sections {
		get("/"+sec.name, web.Permission(access.May(access.Open, access.Resource(sec.name))), s.section)
		for _, r := range sec.resources {
			get("/"+sec.name+"/"+r.name, web.Permission(access.May(access.Open, access.Resource(sec.name+"/"+r.name))),
				s.resource)
		}
	}
	get("/desktop", web.Manager(), s.desktopPage)
	post("/desktop", web.Manager(), s.authorizeDesktop)
}

// onceSetUp runs h, unless the workspace is not set up yet: then no form leads anywhere,
// and the page says what to do instead.
func (s *Portal) onceSetUp(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if s.settled.Load() {
			return h(c)
		}
		fresh, err := s.service.Setup.IsFresh(c.UserContext())
		if err != nil {
			return err
		}
		if fresh {
			l := s.bareLeaf(c)
			l.Workspace = "Doorward"
			return s.page(c, http.StatusOK, pageMessage, notSetUpPage(l))
		}
		s.settled.Store(true)
		return h(c)
	}
}
