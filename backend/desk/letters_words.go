package desk

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
)

// drafts writes each kind of letter.
var drafts = map[access.LetterKind]func(*LetterFacts) draft{
	access.InvitationLetter: (*LetterFacts).invitation,
	access.ExpiringLetter:   (*LetterFacts).expiring,
	access.SignInLetter:     (*LetterFacts).signIn,
	access.ReceivedLetter:   (*LetterFacts).received,
	access.ApprovedLetter:   (*LetterFacts).approved,
	access.RejectedLetter:   (*LetterFacts).rejected,
	access.WaitingLetter:    (*LetterFacts).waiting,
	access.AbandonedLetter:  (*LetterFacts).abandoned,
	access.TestLetter:       (*LetterFacts).test,
}

func (f *LetterFacts) invitation() draft {
	d := draft{
		Subject: "You are invited to " + f.Workspace,
		Title:   "You are invited to " + f.Workspace,
		Lead: []string{f.hello() + f.whoInvites() + " you to " + f.Workspace +
			". Accept to confirm that this address is yours; then an administrator opens the door."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Good until", f.until()),
		Why:   f.why("This letter was sent for " + f.inviterOr("an administrator") + " by " + f.host() + "."),
	}
	if f.Inviter != "" {
		d.Subject = sentence(f.Inviter) + " invites you to " + f.Workspace
	}
	d.Preview = "Accept until " + onDay(f.Until) + " to confirm your address."
	return d
}

func (f *LetterFacts) expiring() draft {
	return draft{
		Subject: "Your invitation to " + f.Workspace + " ends on " + onDay(f.Until),
		Preview: "This letter has a fresh link.",
		Title:   "Your invitation ends soon",
		Lead: []string{f.hello() + f.whoInvites() + " you to " + f.Workspace +
			", and the invitation is still open. Here is a fresh link; the one in the letter before no longer works."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Good until", f.until()),
		Why:   f.why("This letter was sent for " + f.inviterOr("an administrator") + " by " + f.host() + ". No other reminder follows."),
	}
}

func (f *LetterFacts) signIn() draft {
	d := draft{
		Subject: "Sign in to " + f.Workspace, Preview: "Your link is good until " + atClock(f.Until) + " and works once.",
		Title: "Sign in to " + f.Workspace,
		Lead:  []string{f.hello() + "Open the link to sign in. It works once."},
		Code:  f.Code, Button: "Sign in", Link: f.Link,
		Facts: f.facts("For", f.To, "Asked from", device(f.Device), "Good until", f.until()),
		Why: []string{"Somebody, most likely you, asked for this letter at " + f.host() + ". If it was not you, do nothing: without this letter nobody gets in.",
			"Do not pass it on. Nobody from " + f.Workspace + " will ever ask you for it."},
	}
	if f.Code != "" {
		d.Lead[0] = f.hello() + "Open the link in the browser where you asked for it, or type this code there. Either works once."
	}
	return d
}

func (f *LetterFacts) received() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " has arrived", Preview: "The administrators know that you are waiting.",
		Title: "Your request has arrived",
		Lead: []string{f.hello() + "Your address is confirmed, and the administrators of " + f.Workspace +
			" can see that you are waiting. There is nothing more to do: we write to you once one of them has decided."},
		Button: "See where it stands", Link: f.PublicURL + "/pending",
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord()+" asked for", rolesOf(f.Roles), "Confirmed", exactly(f.At)),
		Why:   []string{"You get this letter from " + f.host() + " because an invitation to this address was accepted. If that was not you, open the page and withdraw the request."},
	}
}

func (f *LetterFacts) approved() draft {
	return draft{
		Subject: "You are in: " + f.Workspace + " is open to you", Preview: "An administrator has approved your request.",
		Title:  "You are in",
		Lead:   []string{f.hello() + "An administrator has approved your request. " + sentence(f.Workspace) + " is open to you from now on."},
		Button: "Open " + f.Workspace, Link: orElse(f.Link, f.PublicURL+"/"),
		Facts: f.facts("You", f.To, f.roleWord(), rolesOf(f.Roles), "Approved", exactly(f.At)),
		Why:   []string{"You get this letter from " + f.host() + " because you waited for an approval. To sign in, type your address there: no password is needed."},
	}
}

func (f *LetterFacts) rejected() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " was not approved", Preview: "An administrator has decided on your request.",
		Title: "Your request was not approved",
		Lead: []string{f.hello() + "An administrator of " + f.Workspace +
			" decided not to open the door this time. Your account and your address were deleted there."},
		Quote: f.Reason,
		Why:   []string{"You get this one letter from " + f.host() + " because you were waiting for a decision. If you think it is a mistake, write to the person who invited you."},
	}
}

func (f *LetterFacts) waiting() draft {
	n := len(f.Waiting)
	d := draft{
		Subject: howMany(n) + " waiting for your approval in " + f.Workspace, Preview: "Approve or reject in the console.",
		Title:  howMany(n) + " waiting for your approval",
		Lead:   []string{f.hello() + "They have confirmed their address and asked to be let in. You decide in the console, and with which role."},
		Button: "Review pending requests", Link: f.PublicURL + "/admin/requests",
		Why: []string{"You get this letter from " + f.host() + " as an administrator of " + f.Workspace + ", at most once in 15 minutes. You can turn it off in the console."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() + "This person has confirmed the address and asks to be let in. You decide in the console, and with which role."
	}
	d.People, d.More = f.people("waiting since ")
	return d
}

func (f *LetterFacts) abandoned() draft {
	n := len(f.Waiting)
	d := draft{
		Subject: counted(n, "request") + " in " + f.Workspace + " ended without a decision", Preview: "Nobody decided for 30 days.",
		Title:  counted(n, "request") + " ended without a decision",
		Lead:   []string{f.hello() + "Nobody decided on them for 30 days, so the accounts were removed and the addresses are free again. Whoever is still welcome can be invited anew."},
		Button: "Open the console", Link: f.PublicURL + "/admin",
		Why: []string{"You get this letter from " + f.host() + " as an administrator of " + f.Workspace + "."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() + "Nobody decided on it for 30 days, so the account was removed and the address is free again. If the person is still welcome, invite them anew."
	}
	d.People, d.More = f.people("since ")
	return d
}

func (f *LetterFacts) test() draft {
	return draft{
		Subject: "Mail from " + f.Workspace + " works", Preview: "Invitations go out the same way.",
		Title: "Mail works",
		Lead:  []string{f.hello() + "This letter came from " + f.host() + " in the way that invitations do. If you can read it, they will arrive as well."},
		Facts: f.facts("To", f.To, "Written", exactly(f.At)),
		Why:   []string{"You get this letter because an administrator of " + f.Workspace + " sent a test. There is nothing to do."},
	}
}

// namedAtMost is how many people one letter names.
const namedAtMost = 20

func (f *LetterFacts) people(since string) (all []person, more string) {
	for i, w := range f.Waiting {
		if i == namedAtMost {
			return all, "and " + strconv.Itoa(len(f.Waiting)-i) + " more"
		}
		p := person{Name: unlinked(oneLine(w.Name, 80)), Email: oneLine(w.Email, 254), About: since + exactly(w.Since)}
		if p.Name == "" || w.Name == w.Email {
			p.Name, p.Email = p.Email, ""
		}
		if len(w.Roles) > 0 {
			p.About = "asks for " + rolesOf(w.Roles) + ", " + p.About
		}
		all = append(all, p)
	}
	return all, ""
}

// facts takes names and values in turn, and leaves out what is not known.
func (f *LetterFacts) facts(pairs ...string) []fact {
	all := make([]fact, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, fact{pairs[i], pairs[i+1]})
		}
	}
	return all
}

func (f *LetterFacts) hello() string {
	if f.ToName == "" {
		return ""
	}
	return "Hello " + f.ToName + ". "
}

func (f *LetterFacts) whoInvites() string {
	if f.Inviter == "" {
		return "An administrator invites"
	}
	return sentence(f.Inviter) + " invites"
}

func (f *LetterFacts) inviterOr(other string) string { return orElse(f.Inviter, other) }

func (f *LetterFacts) who() string {
	if f.InviterEmail == "" {
		return f.Inviter
	}
	return f.Inviter + " <" + f.InviterEmail + ">"
}

func (f *LetterFacts) why(sent string) []string {
	return []string{sent + " If you did not expect it, do nothing: nobody gets in by it, and it ends by itself."}
}

func (f *LetterFacts) roleWord() string {
	if len(f.Roles) == 1 {
		return "Role"
	}
	return "Roles"
}

func (f *LetterFacts) host() string {
	_, host, ok := strings.Cut(f.PublicURL, "://")
	if !ok {
		return f.PublicURL
	}
	return host
}

// until is when link and code end, exactly and in words.
func (f *LetterFacts) until() string {
	if f.Until.IsZero() {
		return ""
	}
	return exactly(f.Until) + lasting(f.Until.Sub(f.At))
}

var browsers = [][2]string{{"Edg", "Edge"}, {"OPR", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
	{"Chrom", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}

var systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac", "macOS"}, {"Linux", "Linux"}}

// device says what a browser calls itself, in words of ours only: whoever asks
// for a letter to somebody else's address could write anything there.
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

func lasting(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d < time.Minute || d > 400*24*time.Hour:
		return ""
	case d < time.Hour, d < 2*time.Hour && d%time.Hour != 0:
		return " (" + counted(int(d/time.Minute), "minute") + ")"
	case d < 48*time.Hour:
		return " (" + counted(int(d/time.Hour), "hour") + ")"
	}
	return " (" + counted(int(d/(24*time.Hour)), "day") + ")"
}

func exactly(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday 2 January 2006, 15:04 UTC")
}

func onDay(t time.Time) string   { return t.UTC().Format("2 January") }
func atClock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func howMany(n int) string {
	if n == 1 {
		return "Somebody is"
	}
	return strconv.Itoa(n) + " people are"
}

func rolesOf(names []string) string {
	if n := len(names); n > 1 {
		return oneLine(strings.Join(names[:n-1], ", ")+" and "+names[n-1], 400)
	}
	return oneLine(strings.Join(names, ""), 400)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// sentence begins s with a capital.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if u := unicode.ToUpper(r); u != r && r != utf8.RuneError && !strings.Contains(s, "@") {
		return string(u) + s[n:]
	}
	return s
}
