package access

import "strings"

// A Language is a language that Doorward speaks, by its BCP 47 tag.
type Language string

// The languages that have a catalogue under frontend/messages.
const (
	English           Language = "en"
	German            Language = "de"
	French            Language = "fr"
	Spanish           Language = "es"
	Italian           Language = "it"
	Portuguese        Language = "pt-BR"
	Polish            Language = "pl"
	Japanese          Language = "ja"
	SimplifiedChinese Language = "zh-Hans"
	Arabic            Language = "ar"

	// Pseudo is English with marks and longer words. It shows developers which words of a
	// page are not in the catalogue. No menu offers it.
	Pseudo Language = "en-XA"
)

// Languages are those to choose from, in the order in which menus show them: by their own
// names.
var Languages = []Language{
	German, English, Spanish, French, Italian, Polish, Portuguese, Arabic, Japanese, SimplifiedChinese,
}

var languageNames = map[Language]string{
	English: "English", German: "Deutsch", French: "Français", Spanish: "Español", Italian: "Italiano",
	Portuguese: "Português (Brasil)", Polish: "Polski", Japanese: "日本語", SimplifiedChinese: "简体中文",
	Arabic: "العربية", Pseudo: "[Ƥşéûðö]",
}

// Name is the language's own name for itself.
func (l Language) Name() string { return languageNames[l] }

// Or is the language, or another one if it is none.
func (l Language) Or(other Language) Language {
	if l == "" {
		return other
	}
	return l
}

// Direction is rtl for a language that is written from right to left, and ltr for others.
func (l Language) Direction() string {
	if l == Arabic {
		return "rtl"
	}
	return "ltr"
}

// ParseLanguage returns the language of a BCP 47 tag, in any case. It refuses those that
// Doorward does not speak.
func ParseLanguage(tag string) (Language, error) {
	all := append(Languages[:len(Languages):len(Languages)], Pseudo)
	for _, l := range all {
		if strings.EqualFold(tag, string(l)) {
			return l, nil
		}
	}
	names := make([]string, len(Languages))
	for i, l := range Languages {
		names[i] = string(l)
	}
	return "", Errorf(Invalid, "%q is not a supported language. Choose one of %s.",
		Shorten(tag, 20), strings.Join(names, ", ")).On("language").WithCode("language_unknown")
}
