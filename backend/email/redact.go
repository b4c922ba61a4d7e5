package email

import (
	"html"

	"doorward/backend/access"
)

// Redact removes from an email's facts everything that grants access. An email that an older
// version stored rendered is replaced as a whole.
func (l *Templates) Redact(f access.MessageFacts) access.MessageFacts {
	if f.Link != "" {
		f.Link = f.PublicURL + "/login/…"
	}
	if f.Code != "" {
		f.Code = "… …"
	}
	if f.Rendered != nil {
		unreadable := l.catalog.In(f.Language).Say("email.unreadable", nil) + "\n"
		f.Rendered = &access.MessageBody{
			Subject: f.Rendered.Subject,
			Text:    unreadable,
			HTML:    "<p>" + html.EscapeString(unreadable) + "</p>",
		}
	}
	return f
}
