package address

import (
	"strings"

	"doorward/backend/access"
)

// maxMailboxName is the longest name of a sender, in characters.
const maxMailboxName = access.MaxMailFromName

// inMailbox are the characters that separate a name from an address.
const inMailbox = `<>"\`

// SenderName reads the name of a sender alone. It refuses one that looks like an address:
// readers of an email would take it for where the email comes from.
func SenderName(field, typed string) (string, error) {
	name, err := access.CleanText("name", typed, maxMailboxName)
	if err != nil {
		return "", access.Explain(err).On(field)
	}
	if strings.ContainsAny(name, inMailbox+"@\r\n") {
		return "", access.Errorf(access.Invalid, "The sender name cannot contain an email address, quotation marks "+
			"or angle brackets. Enter a name such as AI Loop.").On(field).WithCode("sender_name_invalid")
	}
	return name, nil
}

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
		return "", a, refuse("email_invalid", "Enter the sender as AI Loop <door@example.com>, or only the address.")
	}
	name = strings.TrimSpace(s[:open])
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	if strings.ContainsAny(name, inMailbox) {
		return "", a, refuse("email_invalid", "Enter the sender as AI Loop <door@example.com>, or only the address.")
	}
	if name, err = access.CleanText("name", name, maxMailboxName); err != nil {
		return "", a, err
	}
	a, err = Parse(inside)
	return name, a, err
}
