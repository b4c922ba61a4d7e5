package desk

import (
	"regexp"

	"doorward/backend/access"
)

// What lets a reader of a letter in: the link's secret, and the code, which
// stands alone in both forms of the letter.
var (
	secretInLink = regexp.MustCompile(`(/login/)[A-Za-z0-9_-]{43}`)
	codeInText   = regexp.MustCompile(`(?m)^ {4}\d{3} ?\d{3}$`)
	codeInHTML   = regexp.MustCompile(`>\d{3} ?\d{3}<`)
)

// redact takes out of a letter's words what would let their reader in.
func redact(w access.Words) access.Words {
	w.Text = codeInText.ReplaceAllString(secretInLink.ReplaceAllString(w.Text, "$1…"), "    … …")
	w.HTML = codeInHTML.ReplaceAllString(secretInLink.ReplaceAllString(w.HTML, "$1…"), ">… …<")
	return w
}
