package messages

import (
	"golang.org/x/text/language"

	"doorward/backend/access"
)

// tags has each language as the matcher knows it; English first, because the first one is
// the answer where nothing matches.
var tags = func() []language.Tag {
	all := []language.Tag{language.English}
	for _, l := range access.Languages {
		if l != access.English {
			all = append(all, language.MustParse(string(l)))
		}
	}
	return all
}()

var matcher = language.NewMatcher(tags)

// maxAccept is the most bytes of an Accept-Language header that are read: a browser sends
// fewer than 100.
const maxAccept = 400

// Choose returns the language that serves a reader best whose browser sends that
// Accept-Language header. It is English where none does.
func Choose(acceptLanguage string) access.Language {
	if len(acceptLanguage) > maxAccept {
		return access.English
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return access.English
	}
	_, i, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return access.English
	}
	return access.Language(tags[i].String())
}
