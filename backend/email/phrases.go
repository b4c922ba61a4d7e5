package email

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/text"
)

// namedAtMost is the number of people that one email names.
const namedAtMost = 20

func (f *writer) people(since string) (all []person, more string) {
	for i, w := range f.Pending {
		if i == namedAtMost {
			return all, "and " + strconv.Itoa(len(f.Pending)-i) + " more"
		}
		p := person{
			Name:  unlinked(oneLine(w.Name, 80)),
			Email: oneLine(w.Email, 254),
			About: since + span(f.At.Sub(w.Since)),
		}
		if p.Name == "" || w.Name == w.Email {
			p.Name, p.Email = p.Email, ""
		}
		if len(w.Roles) > 0 {
			p.About = requested(w.Roles) + ", " + p.About
		}
		all = append(all, p)
	}
	return all, ""
}

// facts takes names and values in turn, and skips empty values.
func (f *writer) facts(pairs ...string) []fact {
	all := make([]fact, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, fact{pairs[i], pairs[i+1]})
		}
	}
	return all
}

// hello greets the recipient by their first name, as the pages do.
func (f *writer) hello() string {
	if name := text.FirstName(f.ToName); name != "" {
		return "Hello, " + name + ". "
	}
	return ""
}

// invited begins the sentence about the invitation. It names the workspace alone where no
// member sent it: "the operator" says nothing to an invited person.
func (f *writer) invited() string {
	if f.Inviter == "" {
		return "You have been invited to " + f.Workspace
	}
	return sentence(f.Inviter) + " has invited you to " + f.Workspace
}

func (f *writer) who() string {
	switch {
	case f.Inviter == "":
		return f.Workspace
	case f.InviterEmail == "":
		return f.Inviter
	}
	return f.Inviter + " <" + f.InviterEmail + ">"
}

func (f *writer) onBehalf() string {
	return "This email was sent on behalf of " + cmp.Or(f.Inviter, f.Workspace)
}

func (f *writer) why(sent string) []string {
	return []string{sent + " If you did not expect it, you can ignore it: it expires automatically."}
}

func (f *writer) roleWord() string { return plural(f.Roles) }

func plural(names []access.RoleName) string { return text.Plural(len(names), "Role") }

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
	return exactly(f.Until) + lasting(f.Until.Sub(f.At))
}

var browsers = [][2]string{{"Edg", "Edge"}, {"OPR", "Opera"}, {"SamsungBrowser", "Samsung Internet"},
	{"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
	{"Chrom", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}

var systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Mac", "macOS"}, {"Linux", "Linux"}}

// device describes a browser with our own fixed words only: somebody who requests an email
// to another person's address could put anything into the User-Agent.
func device(agent string) string {
	known := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	browser, system := known(browsers), known(systems)
	if browser != "" && system != "" {
		return browser + " on " + system
	}
	return browser + system
}

// unbroken keeps a number and its unit on one line.
func unbroken(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func lasting(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d < time.Minute || d > 400*24*time.Hour:
		return ""
	case d < time.Hour, d < 2*time.Hour && d%time.Hour != 0:
		return " (" + unbroken(text.Count(int(d/time.Minute), "minute")) + ")"
	case d < 48*time.Hour:
		return " (" + unbroken(text.Count(int(d/time.Hour), "hour")) + ")"
	}
	return " (" + unbroken(text.Count(int(d/(24*time.Hour)), "day")) + ")"
}

func exactly(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday 2 January 2006, 15:04 UTC")
}

func onDay(t time.Time) string   { return t.UTC().Format("2 January") }
func atClock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

func howMany(n int) string { return text.Count(n, "pending request") }

// requested names the roles of a request, and marks the one that has all permissions.
func requested(names []access.RoleName) string {
	said := "Requested " + strings.ToLower(plural(names)) + ": " + rolesOf(names)
	if slices.Contains(names, access.Admin) {
		said += " (can manage everyone)"
	}
	return said
}

// span says how long somebody has been waiting, in short.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "just now"
	case d < time.Hour:
		return unbroken(strconv.Itoa(int(d/time.Minute)) + " min")
	case d < 48*time.Hour:
		return unbroken(text.Count(int(d/time.Hour), "hour"))
	}
	return unbroken(text.Count(int(d/(24*time.Hour)), "day"))
}

func rolesOf(names []access.RoleName) string {
	return oneLine(text.List(names), 400)
}

// sentence makes the first letter of s a capital.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if u := unicode.ToUpper(r); u != r && r != utf8.RuneError && !strings.Contains(s, "@") {
		return string(u) + s[n:]
	}
	return s
}
