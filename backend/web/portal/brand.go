package portal

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/text"
)

// brandFile answers with the logo or the accent colour's style sheet. Nobody has to be signed
// in: whoever opens the sign-in page sees them. Only the files of now exist.
func (s *Portal) brandFile(c *fiber.Ctx) error {
	name := strings.Clone(c.Params("name"))
	if hash, ok := strings.CutPrefix(name, "logo."); ok {
		hash, _ = strings.CutSuffix(hash, ".png")
		png, err := s.service.Settings.Logo(c.UserContext(), hash)
		if err != nil || name != "logo."+hash+".png" {
			return fiber.ErrNotFound
		}
		return s.sendForEver(c, "image/png", png)
	}
	_, brand, err := s.service.Settings.Public(c.UserContext())
	if err != nil {
		return err
	}
	if css := accentCSS(brand); css != "" && name == accentName(css) {
		return s.sendForEver(c, "text/css; charset=utf-8", []byte(css))
	}
	return fiber.ErrNotFound
}

func (s *Portal) sendForEver(c *fiber.Ctx, kind string, body []byte) error {
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderContentType, kind)
	return c.Status(http.StatusOK).Send(body)
}

// Preview returns the sign-in page or the pending page as it would look, in one piece: its
// style sheets and the logo are inside it, and its forms lead nowhere.
func (s *Portal) Preview(p service.Preview, page string, in access.Language, theme string) ([]byte, error) {
	words := s.pages.words(in)
	leaf := Leaf{Workspace: p.Workspace, Look: lookOf(p.Look.Brand), words: words}
	var model any = LoginPage{Leaf: leaf}
	if page == pagePending {
		now := time.Now()
		leaf.SignedInAs = "ada@example.com"
		model = PendingPage{
			Leaf:      leaf,
			Name:      "Ada Lovelace",
			Email:     "ada@example.com",
			Inviter:   "Grace Hopper",
			InvitedAt: now.Add(-26 * time.Hour),
			Roles:     text.Strings([]access.RoleName{access.AILoop}),
			Since:     now.Add(-2 * time.Hour),
			Verified:  true,
			Now:       now,
			Held:      true,
		}
	}
	var b strings.Builder
	if err := s.pages.render(&b, page, model); err != nil {
		return nil, err
	}
	html := s.inOnePiece(string(themed([]byte(b.String()), theme)), leaf.Look, p)
	return []byte(strings.ReplaceAll(html, " autofocus", "")), nil // a sandbox refuses it, loudly
}

// ownScript finds the scripts of our templates; whatever else a page shows is escaped.
var ownScript = regexp.MustCompile(`<script src="[^>]*></script>`)

// inOnePiece puts the style sheets and the logo into a page and takes the scripts out.
func (s *Portal) inOnePiece(html string, links Look, p service.Preview) string {
	style := func(path, css string) {
		html = strings.Replace(html, `<link rel="stylesheet" href="`+path+`">`, "<style>"+css+"</style>", 1)
	}
	for path, f := range s.pages.assets {
		if strings.HasSuffix(path, ".css") {
			style(path, string(f.Plain()))
		}
	}
	html = ownScript.ReplaceAllString(html, "")
	if links.CSS != "" {
		style(links.CSS, accentCSS(p.Look.Brand))
	}
	if links.Logo != "" {
		html = strings.Replace(html, `src="`+links.Logo+`"`, `src="`+p.Look.LogoURL+`"`, 1)
	}
	return html
}
