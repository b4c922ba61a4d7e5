package address

import (
	"strings"

	"doorward/backend/access"
)

// maxMailboxName is the longest name of a sender, in characters.
const maxMailboxName = access.MaxMailFromName

// ParseMailbox reads the sender of emails: an address, or a name and an address in angle
// brackets, such as AI Loop <door@example.com>. The name may stand in quotes.
func ParseMailbox(s string) (name string, a access.Address, err error) {
	s = strings.TrimSpace(s)
	open := strings.LastIndexByte(s, '<')
	if open < 0 {
		a, err = Parse(s)
		return "", a, err
	}
	inside, closed := strings.CutSuffix(s[open+1:], ">")
	if !closed {
		return "", a, refuse("email_invalid", "Write it like AI Loop <door@example.com>, or the address alone.")
	}
	name = strings.TrimSpace(s[:open])
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	if strings.ContainsAny(name, `<>"\`) {
		return "", a, refuse("email_invalid", "Write it like AI Loop <door@example.com>, or the address alone.")
	}
	if name, err = access.CleanText("name", name, maxMailboxName); err != nil {
		return "", a, err
	}
	a, err = Parse(inside)
	return name, a, err
}
