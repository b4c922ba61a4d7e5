package email

import "doorward/backend/access"

// unreadable stands in place of an email that holds a secret and was kept whole, by a
// version that kept emails so.
const unreadable = "This email holds a secret and was written by an older version of Doorward. Only the operator " +
	"can read it.\n"

// Redact takes out of the facts of an email what would let its reader in.
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
