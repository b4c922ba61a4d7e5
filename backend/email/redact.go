package email

import "doorward/backend/access"

// unreadable replaces an email that contains a secret and that an older version stored
// rendered.
const unreadable = "This email holds a secret and was written by an older version of Doorward. Only the operator " +
	"can read it.\n"

// Redact removes from an email's facts everything that grants access.
func Redact(f access.MessageFacts) access.MessageFacts {
	if f.Link != "" {
		f.Link = f.PublicURL + "/login/…"
	}
	if f.Code != "" {
		f.Code = "… …"
	}
	if f.Rendered != nil {
		f.Rendered = &access.MessageBody{
			Subject: f.Rendered.Subject,
			Text:    unreadable,
			HTML:    "<p>" + unreadable + "</p>",
		}
	}
	return f
}
