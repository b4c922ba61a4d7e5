package portal

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/text"
	"doorward/backend/web"
)

func (s *Portal) pendingPage(c *fiber.Ctx) error {
	if web.PrincipalOf(c).Member.State != access.Pending {
		return c.Redirect("/", http.StatusSeeOther)
	}
	return s.showPending(c, http.StatusOK, func(p *PendingPage) {
		p.NoteSaved, p.Held = c.Query("saved") != "", c.Query("hold") != ""
	})
}

func (s *Portal) showPending(c *fiber.Ctx, code int, more func(*PendingPage)) error {
	w, err := s.service.Account.PendingView(c.UserContext(), web.PrincipalOf(c).Member.ID)
	if err != nil {
		return err
	}
	m := w.Member
	p := PendingPage{
		Leaf:      s.leaf(c),
		Name:      m.Name,
		Email:     m.Email.Typed,
		Inviter:   w.InvitedBy,
		InvitedAt: m.Invitation.At,
		Roles:     text.Strings(m.Roles),
		Since:     m.JoinedAt(),
		Verified:  !m.EmailVerifiedAt.IsZero(),
		Now:       time.Now(),
		Note:      m.Note,
		NoMail:    w.NoMail,
	}
	more(&p)
	return s.page(c, code, pagePending, p)
}

func (s *Portal) note(c *fiber.Ctx) error {
	text := strings.Clone(c.FormValue("note"))
	err := s.service.Account.Note(c.UserContext(), s.web.Guard.Actor(c), strings.ReplaceAll(text, "\r\n", " "))
	if access.Invalid.Is(err) {
		return s.showPending(c, http.StatusUnprocessableEntity, func(p *PendingPage) {
			p.Note, p.NoteError = text, p.words.explain(access.Explain(err))
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
