package desktop

import (
	"regexp"
	"strings"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// localeName is a locale without its encoding and its modifier, such as pt_BR or zh_Hans_CN.
var localeName = regexp.MustCompile(`^[A-Za-z]{2,8}(_[A-Za-z0-9]{1,8}){0,3}$`)

// maxLocales is how many languages of a list are looked at.
const maxLocales = 8

// SystemLanguage is the language of the desktop session, for what the window shows before a
// page has said in which language its user reads: the first of LC_ALL, LC_MESSAGES and LANG
// that is set, and, unless that is the C locale, the list in LANGUAGE before it. It is English
// where none of them is one of ours.
func SystemLanguage(env func(string) string) access.Language {
	var locale string
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale = env(name); locale != "" {
			break
		}
	}
	base, _, _ := strings.Cut(locale, ".")
	if base == "" || base == "C" || base == "POSIX" {
		return access.English
	}
	looked := 0
	for name := range strings.SplitSeq(env("LANGUAGE")+":"+locale, ":") {
		name, _, _ = strings.Cut(name, ".")
		name, _, _ = strings.Cut(name, "@")
		if !localeName.MatchString(name) {
			continue
		}
		if looked++; looked > maxLocales {
			break
		}
		l := messages.Choose(strings.ReplaceAll(name, "_", "-"))
		if l != access.English || strings.HasPrefix(strings.ToLower(name), "en") {
			return l
		}
	}
	return access.English
}
