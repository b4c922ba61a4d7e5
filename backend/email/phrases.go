package email

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/messages"
	"doorward/backend/text"
)

// maxNamed is the number of people that one email names.
const maxNamed = 20

// A writer writes the draft of one email from its facts, in the language of its recipient.
type writer struct {
	access.MessageFacts
	print  *messages.Printer
	values messages.Values // what placeholders stand for
}

func newWriter(f access.MessageFacts, print *messages.Printer) *writer {
	w := &writer{MessageFacts: f, print: print, values: make(messages.Values, 16)}
	w.tidy()
	w.values["Workspace"] = print.Isolate(w.Workspace)
	w.values["Host"] = print.Isolate(w.host())
	w.values["URL"] = print.Isolate(w.PublicURL + "/")
	w.values["Sender"] = print.Isolate(cmp.Or(w.Inviter, w.Workspace))
	return w
}

// say returns the message of that key. After the key come pairs: the name of a placeholder
// and its text. Workspace, Host, URL and Sender are always known.
func (f *writer) say(key string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values[pairs[i]] = f.print.Isolate(pairs[i+1])
	}
	return f.print.Say(key, f.values)
}

// count is say with the plural form for n.
func (f *writer) count(key string, n int, pairs ...string) string {
	f.say(key, pairs...)
	f.values["N"] = n
	defer delete(f.values, "N")
	return f.print.Say(key, f.values)
}

// named is a sentence about who sent an invitation. It names the workspace alone where no
// member did: "the operator" says nothing to an invited person.
func (f *writer) named(anonymous, named string) string {
	if f.Inviter == "" {
		return f.say(anonymous)
	}
	return f.say(named, "Inviter", sentence(f.Inviter))
}

// hello greets the recipient by their first name, as the pages do, before the paragraph.
func (f *writer) hello(paragraph string) string {
	name := text.FirstName(f.ToName)
	if name == "" {
		return paragraph
	}
	f.values["Text"] = paragraph
	return f.say("email.hello", "FirstName", name)
}

// label is a name before its value, or a button's before its link, in the text form.
func (f *writer) label(s string) string {
	return f.print.Say("email.label", messages.Values{"Label": s})
}

// facts takes names and values in turn, and skips empty values.
func (f *writer) facts(pairs ...string) []fact {
	all := make([]fact, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, fact{pairs[i], f.print.Isolate(pairs[i+1])})
		}
	}
	return all
}

// personKeys are the keys of the messages about one person who waits, or did.
type personKeys struct{ bare, roles, admin string }

var (
	waitingKeys = personKeys{"email.waiting.person", "email.waiting.person_roles", "email.waiting.person_admin"}
	waitedKeys  = personKeys{"email.abandoned.person", "email.abandoned.person_roles", "email.abandoned.person_admin"}
)

func (f *writer) people(keys personKeys) (all []person, more string) {
	for i, w := range f.Pending {
		if i == maxNamed {
			return all, f.count("email.people_more", len(f.Pending)-i)
		}
		p := person{Name: unlinked(oneLine(w.Name, 80)), Email: oneLine(w.Email, 254), About: f.about(keys, w)}
		if p.Name == "" || w.Name == w.Email {
			p.Name, p.Email = p.Email, ""
		}
		p.Name, p.Email = f.print.Isolate(p.Name), f.print.Isolate(p.Email)
		all = append(all, p)
	}
	return all, ""
}

// about says which roles somebody requested, and for how long they wait. It marks the role
// that has all permissions.
func (f *writer) about(keys personKeys, w access.PendingPerson) string {
	waited := f.print.ShortSpan(f.At.Sub(w.Since))
	switch n := len(w.Roles); {
	case n == 0:
		return f.say(keys.bare, "Span", waited)
	case slices.Contains(w.Roles, access.Admin):
		return f.count(keys.admin, n, "Roles", f.rolesOf(w.Roles), "Span", waited)
	default:
		return f.count(keys.roles, n, "Roles", f.rolesOf(w.Roles), "Span", waited)
	}
}

func (f *writer) who() string {
	switch {
	case f.Inviter == "":
		return f.Workspace
	case f.InviterEmail == "":
		return f.Inviter
	}
	return f.say("email.fact.person", "Name", f.Inviter, "Email", f.InviterEmail)
}

func (f *writer) roleWord() string { return f.count("email.fact.roles", len(f.Roles)) }

func (f *writer) roles() string { return f.rolesOf(f.Roles) }

func (f *writer) rolesOf(names []access.RoleName) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = f.print.Isolate(string(name))
	}
	return oneLine(f.print.List(all), 400)
}

func (f *writer) host() string {
	_, host, ok := strings.Cut(f.PublicURL, "://")
	if !ok {
		return f.PublicURL
	}
	return host
}

// until says when the link and the code expire, as a time and in words.
func (f *writer) until() string {
	if f.Until.IsZero() {
		return ""
	}
	at, left := f.print.Exact(f.Until), f.print.In(f.Until.Sub(f.At))
	if left == "" {
		return at
	}
	f.values["Time"], f.values["Left"] = at, left
	return f.print.Say("email.fact.until", f.values)
}

var browsers = [][2]string{{"Edg", "Edge"}, {"OPR", "Opera"}, {"SamsungBrowser", "Samsung Internet"},
	{"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
	{"Chrom", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}

var systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Mac", "macOS"}, {"Linux", "Linux"}}

// device describes the browser with our own fixed words only: somebody who requests an
// email to another person's address could put anything into the User-Agent.
func (f *writer) device() string {
	known := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(f.Device, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	browser, system := known(browsers), known(systems)
	if browser != "" && system != "" {
		return f.say("email.device", "Browser", browser, "System", system)
	}
	return browser + system
}

// exactly is a time, and empty for none.
func (f *writer) exactly(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return f.print.Exact(t)
}

// sentence makes the first letter of s a capital.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if u := unicode.ToUpper(r); u != r && r != utf8.RuneError && !strings.Contains(s, "@") {
		return string(u) + s[n:]
	}
	return s
}
