package email

import (
	"regexp"

	"doorward/backend/access"
)

// What lets a reader of an email in: the link's secret, and the code, which
// stands alone in both forms of the email.
//
// Emails of older versions, which an outbox may still hold, have six digits.
var (
	secretInLink = regexp.MustCompile(`(/login/)[A-Za-z0-9_-]{43}`)
	codeInText   = regexp.MustCompile(`(?m)^(?:` + codePattern + `| {4}\d{6})$`)
	codeInHTML   = regexp.MustCompile(`>(?:` + codePattern + `|\d{6})<`)
)

const codePattern = `[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}`

// Redact takes out of an email's words what would let their reader in.
func Redact(w access.MessageBody) access.MessageBody {
	w.Text = codeInText.ReplaceAllString(secretInLink.ReplaceAllString(w.Text, "$1…"), "… …")
	w.HTML = codeInHTML.ReplaceAllString(secretInLink.ReplaceAllString(w.HTML, "$1…"), ">… …<")
	return w
}
