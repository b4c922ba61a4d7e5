package portal

import (
	"crypto/sha256"
	"encoding/hex"

	"doorward/backend/access"
)

// lookOf returns what a page shows of the brand. Style sheet and logo are files of their own,
// named by their content, because the Content-Security-Policy allows no styles inside a page.
func lookOf(b access.Brand) Look {
	l := Look{Footer: b.Footer, Contact: b.ContactLabel(), ContactLink: b.Contact}
	if css := accentCSS(b); css != "" {
		l.CSS = "/brand/" + accentName(css)
	}
	if b.Logo.Hash != "" {
		l.Logo = "/brand/logo." + b.Logo.Hash + ".png"
		l.LogoWidth, l.LogoHeight = b.Logo.Box()
	}
	return l
}

// accentCSS returns the style sheet that sets the accent colour, as tokens.css sets
// Doorward's; empty if none was chosen.
func accentCSS(b access.Brand) string {
	if !b.HasAccent() {
		return ""
	}
	light, dark := b.Accents()
	rule := func(selector string, a access.Accent) string {
		return selector + "{--accent:" + string(a.Color) + ";--accent-ink:" + string(a.Ink) +
			";--accent-wash:" + string(a.Wash) + "}"
	}
	return rule(":root", light) + "\n@media(prefers-color-scheme:dark){" +
		rule(":root:not([data-theme=light])", dark) + "}\n" + rule(":root[data-theme=dark]", dark) + "\n"
}

func accentName(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "accent." + hex.EncodeToString(sum[:6]) + ".css"
}
