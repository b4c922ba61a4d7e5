package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web"
)

// refused is the page for a refusal. A session that has ended is removed from the
// browser; a caller who is not signed in is redirected to the sign-in page, and a
// pending member to the pending page.
func (s *Portal) refused(c *fiber.Ctx, r web.Refusal) error {
	e := r.Shown
	if ended := sessionEnded(r.Err); ended != nil {
		// A script that fetches ahead leaves it to the page to say why, and an undo opens a
		// stored session again.
		if web.Navigates(c) && !ended.Stored {
			s.web.Cookies.SignOut(c)
		}
		return s.page(c, http.StatusForbidden, pageMessage, s.endedPage(c, ended.Why))
	}
	if e.Kind == access.SignedOut && web.IsSafe(c) {
		return c.Redirect("/login"+nextQuery(c.OriginalURL()), http.StatusSeeOther)
	}
	if e.Kind == access.SignedOut && c.Path() == "/logout" {
		return s.page(c, r.Status, pageMessage, signedOutPage(s.leaf(c), false, false)) // a second press
	}
	if p := c.Path(); r.Status == http.StatusNotFound && web.IsSafe(c) && len(p) > 1 && strings.HasSuffix(p, "/") {
		return c.Redirect(safePath(strings.TrimRight(p, "/")), http.StatusSeeOther)
	}
	if e.Code == "pending" && web.IsSafe(c) {
		return c.Redirect("/pending", http.StatusSeeOther)
	}
	return s.page(c, r.Status, pageMessage, s.messageFor(c, r))
}

func (s *Portal) endedPage(c *fiber.Ctx, why access.EndReason) MessagePage {
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

func (s *Portal) messageFor(c *fiber.Ctx, r web.Refusal) MessagePage {
	e := r.Shown
	again := safePath(string(c.Context().Path()))
	if !web.IsSafe(c) || strings.HasPrefix(again, "/login/") || strings.HasPrefix(again, "/setup/") {
		again = "/login"
	}
	if e.Code == "no_leader" || e.Code == "no_majority" || e.Code == "store_unavailable" && s.web.InCluster() {
		// the workspace's name cannot be read either
		return noLeaderPage(Leaf{Workspace: "Doorward", words: s.words(c)}, web.IsSafe(c), onceMore(c), r.Wait)
	}
	l := s.leaf(c)
	switch {
	case e.Code == "foreign_host":
		return foreignHostPage(Leaf{Workspace: l.Workspace, words: l.words}, s.service.PublicURL())
	case e.Code == "foreign_form":
		return staleFormPage(l, again)
	case e.Code == "suspended":
		return suspendedPage(l)
	case e.Code == "no_console":
		return noConsolePage(l)
	case e.Code == "setup_closed":
		return setupClosedPage(l)
	case e.Kind == access.TooMany:
		return tooManyPage(l, again, r.Wait)
	case e.Code == "disk_full":
		return diskFullPage(l, e, again)
	case e.Code == "unknown_outcome":
		return unknownOutcomePage(l, e)
	case e.Kind == access.Unavailable, e.Kind == access.NoData:
		return busyPage(l, again, r.Wait)
	case e.Kind == access.Internal:
		return ourErrorPage(l, r.Number)
	case e.Kind == access.Forbidden && sectionTitle(c.Path()) != "":
		return notAllowedPage(l, sectionTitle(c.Path()))
	case e.Kind == access.NotFound && r.Status == http.StatusNotFound:
		return notFoundPage(l)
	}
	return refusedPage(l, e)
}

// maxSentFields is how many fields a form may have to be offered again; ours have fewer.
const maxSentFields = 20

// onceMore asks again what was asked, and nothing of which was done. The browser loads a page
// again by itself; what was typed into a form is not lost.
func onceMore(c *fiber.Ctx) Action {
	to := safePath(string(c.Context().URI().RequestURI()))
	if web.IsSafe(c) {
		c.Set("Refresh", "3")
		return Action{Href: to}
	}
	form := c.Context().PostArgs()
	if n := form.Len(); n == 0 || n > maxSentFields {
		return Action{Href: "/login"}
	}
	a := Action{PostTo: to}
	for name, value := range form.All() {
		a.Fields = append(a.Fields, Field{string(name), string(value)})
	}
	return a
}

// sessionEnded is the error's account of a session that was ended, or nil.
func sessionEnded(err error) *gate.SessionEndedError {
	var e *gate.SessionEndedError
	if errors.As(err, &e) {
		return e
	}
	return nil
}
