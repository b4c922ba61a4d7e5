package messages

import (
	"html/template"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/ja"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt_BR"
	"github.com/go-playground/locales/zh_Hans"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"doorward/backend/access"
)

// conventions are how each language writes dates and numbers, by the Unicode CLDR.
var conventions = map[access.Language]func() locales.Translator{
	access.English: en_GB.New, access.German: de.New, access.French: fr.New, access.Spanish: es.New,
	access.Italian: it.New, access.Portuguese: pt_BR.New, access.Polish: pl.New, access.Japanese: ja.New,
	access.SimplifiedChinese: zh_Hans.New, access.Arabic: ar.New, access.Pseudo: en_GB.New,
}

// A Printer prints sentences, dates, numbers and lists in one language. It may be used by
// several goroutines.
type Printer struct {
	language  access.Language
	localizer *i18n.Localizer
	locale    locales.Translator
	instead   *Printer // prints what the language lacks; nil: nobody does

	refusals func() map[string]refusal // by their English pattern; read when one is translated for the first time
	replies  func() []reply            // those of them that are stored in English
}

func newPrinter(b *i18n.Bundle, l access.Language, instead *Printer) *Printer {
	p := &Printer{
		language:  l,
		localizer: i18n.NewLocalizer(b, string(l)),
		locale:    conventions[l](),
		instead:   instead,
	}
	if instead != nil {
		p.refusals, p.replies = instead.refusals, instead.replies
	}
	return p
}

// Language is the one that it prints.
func (p *Printer) Language() access.Language { return p.language }

// Values are what a message's placeholders stand for. N is the number that decides between
// plural forms.
type Values map[string]any

// Say returns the message of that key with the values in their places. A message that no
// catalogue has is its key, which the tests of whoever asks for it find.
func (p *Printer) Say(key string, v Values) string {
	c := &i18n.LocalizeConfig{MessageID: key, TemplateData: map[string]any(v), TemplateParser: sentences{}}
	if n, ok := v["N"]; ok {
		c.PluralCount = n
		shown := make(map[string]any, len(v))
		for name, value := range v {
			shown[name] = value
		}
		if n, ok := n.(int); ok {
			shown["N"] = p.Number(n)
		}
		c.TemplateData = shown
	}
	for in := p; in != nil; in = in.instead {
		if s, _ := in.localizer.Localize(c); s != "" {
			return s
		}
	}
	return key
}

// HTML is Say for a page: the message and its values are escaped, except for values that are
// template.HTML already.
func (p *Printer) HTML(key string, v Values) template.HTML {
	const first = 0xE000 // private use: no sentence and no name has these characters
	marked := make(Values, len(v))
	var put []string
	for name, value := range v {
		if html, ok := value.(template.HTML); ok {
			mark := string(rune(first + len(put)/2))
			marked[name] = mark
			put = append(put, mark, string(html))
			continue
		}
		marked[name] = value
	}
	s := template.HTMLEscapeString(p.Say(key, marked))
	return template.HTML(strings.NewReplacer(put...).Replace(s))
}

func (p *Printer) has(key string) bool {
	c := &i18n.LocalizeConfig{
		MessageID:      key,
		PluralCount:    1,
		TemplateData:   map[string]any{},
		TemplateParser: sentences{},
	}
	if _, err := p.localizer.Localize(c); err == nil {
		return true
	}
	c.PluralCount = nil
	_, err := p.localizer.Localize(c)
	return err == nil
}

// Number is n with the language's own separators.
func (p *Printer) Number(n int) string { return p.locale.FmtNumber(float64(n), 0) }

// Date is the day of t, such as 5 March 2026.
func (p *Printer) Date(t time.Time) string { return p.locale.FmtDateLong(t) }

// Day is the date of t with its day of the week, such as Thursday, 5 March 2026.
func (p *Printer) Day(t time.Time) string { return p.locale.FmtDateFull(t) }

// Clock is the time of day of t, such as 14:05.
func (p *Printer) Clock(t time.Time) string {
	s := p.locale.FmtTimeShort(t)
	if rest, ok := strings.CutPrefix(s, "0:"); ok && p.halfDays() {
		return "12:" + rest // the library writes the hour after midnight as 0
	}
	return s
}

// halfDays reports whether the language counts hours to twelve.
func (p *Printer) halfDays() bool {
	return !strings.Contains(p.locale.FmtTimeShort(time.Date(2000, 1, 1, 13, 0, 0, 0, time.UTC)), "13")
}

// List joins names by the language's commas and its word for "and".
func (p *Printer) List(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		comma := p.Say("list.comma", nil)
		return p.Say("list.and", Values{"First": strings.Join(names[:n-1], comma), "Last": names[n-1]})
	}
}
