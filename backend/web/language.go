package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// languageCookie is set by the console and by the portal's pages when a visitor chooses
// a language there. It is a [SharedCookie].
const languageCookie = "doorward-language"

// languageTTL is how long a browser keeps the language that was chosen.
const languageTTL = 365 * 24 * time.Hour

// LanguageOf returns the language to answer a request in: the one that was chosen in this
// browser, or else the caller's own, or else the one that serves the browser's
// Accept-Language header best.
func LanguageOf(c *fiber.Ctx) access.Language {
	own, _ := c.Locals(languageKey).(access.Language)
	return LanguageFor(c, own)
}

// LanguageFor is LanguageOf for a reader who is not signed in, and whose own language is
// known all the same; empty where it is not.
func LanguageFor(c *fiber.Ctx, own access.Language) access.Language {
	if l, ok := chosenLanguage(c); ok {
		return l
	}
	if own != "" {
		return own
	}
	return messages.Choose(c.Get(fiber.HeaderAcceptLanguage))
}

// Say returns what an error says, for a program that shows it to its own reader: in the
// language that the request's Accept-Language header asks for, and in English where it asks
// for none. The response then says which language it is in, and that it depends on the header.
func Say(c *fiber.Ctx, e *access.Error) string {
	if p := printerOf(c); p != nil {
		return p.Explain(e)
	}
	return e.Message
}

// SayText is Say for a sentence that is no refusal.
func SayText(c *fiber.Ctx, t access.Text) string {
	if p := printerOf(c); p != nil {
		return p.Text(t)
	}
	return t.String()
}

// Retell is Say for a sentence that was stored in English.
func Retell(c *fiber.Ctx, english string) string {
	if p := printerOf(c); english != "" && p != nil {
		return p.Retell(english)
	}
	return english
}

func printerOf(c *fiber.Ctx) *messages.Printer {
	if c == nil {
		return nil
	}
	catalog, _ := c.Locals(messagesKey).(*messages.Catalog)
	if catalog == nil {
		return nil
	}
	wanted := c.Get(fiber.HeaderAcceptLanguage)
	l, err := access.ParseLanguage(wanted) // the console asks for one of ours, or for the pseudo-language
	if err != nil {
		l = messages.Choose(wanted)
	}
	p := catalog.In(l)
	c.Set(fiber.HeaderContentLanguage, string(p.Language()))
	c.Vary(fiber.HeaderAcceptLanguage)
	return p
}

func chosenLanguage(c *fiber.Ctx) (access.Language, bool) {
	l, err := access.ParseLanguage(c.Cookies(SharedCookie(c, languageCookie)))
	return l, err == nil
}
