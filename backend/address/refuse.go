package address

import (
	"strings"

	"doorward/backend/access"
)

func refuse(code, format string, args ...any) *access.Error {
	return access.Errorf(access.Invalid, format, args...).WithCode(code).On("email")
}

func tooLong() *access.Error {
	return refuse("email_too_long", "An email address can have at most %d characters, and at most %d before the @.",
		maxAddress, maxLocal)
}

// angleBrackets answers "Ada <ada@example.com>", which people copy from their mail, and
// suggests the address in it.
func angleBrackets(s string) *access.Error {
	_, inner, opened := strings.Cut(s, "<")
	if inner, closed := strings.CutSuffix(inner, ">"); opened && closed {
		if a, err := Parse(inner); err == nil {
			return refuse("email_with_name", "Enter only the address: %s", a.Typed)
		}
	}
	return refuse("email_malformed",
		"An email address cannot contain angle brackets. Enter only the address, such as ada@example.com.")
}

func badDomain(typed string) *access.Error {
	return refuse("email_domain", "“%s” is not a valid domain. Check what follows the @ for typos.",
		typed)
}
