package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web/webtest"
)

func fresh(t *testing.T) (s *webtest.Server, setup string) {
	t.Helper()
	s = webtest.New(t, webtest.WithConsole, func(o *webtest.Options) { o.Fresh = true })
	link, err := s.Service.Setup.Open(bg)
	s.Must(err)
	return s, strings.TrimPrefix(link, webtest.URL)
}

// The first address that is printed was a trap: a form that asks for an address, and an
// email that never comes. While nobody is here every page says what to do instead, and
// has no form; the setup link works, and afterwards the pages are there.
func TestPagesBeforeSetup(t *testing.T) {
	s, setup := fresh(t)
	b := s.Browser()
	b.Get("/").Want(t, http.StatusSeeOther, "/login")
	b.Get("/admin").Want(t, http.StatusSeeOther, "/login")
	page := b.Get(setup)
	for _, a := range []webtest.Answer{
		b.Get("/login"), b.Get("/login/" + access.NewSecret().Reveal()),
		b.Post(page, "/login", "email", "grace@example.org"), b.Post(page, "/login/code", "code", "K7PQ-3XMD"),
	} {
		a.Want(t, http.StatusOK, "This workspace is not set up yet", "setup link")
		a.Lacks(t, "<form", "<input", "Check your email")
	}
	b.Post(page, setup, "workspace", "AI Loop", "name", "Grace", "email", "grace@example.org").
		Want(t, http.StatusSeeOther, "/admin/")
	b.Get("/admin/").Want(t, http.StatusOK)
	s.Browser().Get("/login").Want(t, http.StatusOK, "Send me a link")
}

// The operator invites somebody on the shell before there is an Admin: their link opens.
func TestInvitedBeforeSetup(t *testing.T) {
	s, _ := fresh(t)
	in, err := s.Service.Invitations.Invite(bg, access.Operator, service.NewInvitation{
		Email: s.Address("ada@example.com"),
		Roles: []access.RoleName{access.Fleet},
	})
	s.Must(err)
	link := strings.TrimPrefix(in.Link, webtest.URL)
	page := s.Browser().Get(link)
	page.Want(t, http.StatusOK, "You are invited to AI Loop", "<dt>Invited by</dt><dd>AI Loop</dd>")
	page.Lacks(t, "operator")
	s.Browser().RedeemLink(link).Want(t, http.StatusSeeOther, "/pending")
}

// Required fields were taken empty, and of several mistakes one was shown at a time.
func TestSetupShowsAllMistakesAtOnce(t *testing.T) {
	s, setup := fresh(t)
	b := s.Browser()
	page := b.Get(setup)
	a := b.Post(page, setup, "workspace", " ", "name", "", "email", "grace@")
	a.Want(t, http.StatusUnprocessableEntity, "Enter a name for the workspace.", "Enter your name.",
		`id="email-error"`, `value="grace@"`)
	b.Post(page, setup, "workspace", "AI Loop", "name", "\u200b", "email", "").
		Want(t, http.StatusUnprocessableEntity, `id="name-error"`, "Enter your email address.")
	if err := s.Service.Setup.IsOpen(bg, access.Secret(strings.TrimPrefix(setup, "/setup/"))); err != nil {
		t.Errorf("setup is closed by a mistake: %v", err)
	}
}
