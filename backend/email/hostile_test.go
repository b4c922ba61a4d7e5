package email

import (
	"reflect"
	"strings"
	"testing"

	"doorward/backend/access"
)

const hostileText = "\"><img src=x onerror=1>'{{7919*7907}}</td></table><script>alert(1)</script>\r\n\r\nBcc: " +
	"everybody@example.com"

// Somebody is invited under a name, or requests access with one, that is markup, a template
// or a mail header, and hopes that an email carries it out.
func TestEmailsEscape(t *testing.T) {
	l := openTemplates(t)
	f := sampleFacts()
	f.Workspace, f.To, f.ToName, f.Inviter, f.InviterEmail = hostileText, hostileText, hostileText, hostileText, "x"+
		hostileText
	f.Roles, f.Note, f.Reason, f.Device, f.Code = []access.RoleName{hostileText}, hostileText, hostileText, hostileText,
		hostileText
	f.Pending = []access.PendingPerson{waits(hostileText, hostileText, written, hostileText),
		waits(hostileText, "", written)}
	for kind := range drafts {
		w := write(t, l, sample{kind, f})
		for _, bad := range []string{"<img", "<script>", "</table><script", "62615533"} {
			if strings.Contains(w.HTML, bad) {
				t.Errorf("%s: the HTML has %q", kind, bad)
			}
		}
		if strings.ContainsAny(w.Subject, "\r\n") {
			t.Errorf("%s: the subject has a line of its own: %q", kind, w.Subject)
		}
		if strings.Contains(w.Text, "\n\nBcc:") || strings.Contains(w.Text, "\r") {
			t.Errorf("%s: the text has a paragraph that was typed:\n%s", kind, w.Text)
		}
	}
}

// An invited person chooses a name that reads well in an Admin's inbox:
// "Invoice overdue, see evil.example".
func TestSubjectsHoldNothingThatInvitedPeopleTyped(t *testing.T) {
	l := openTemplates(t)
	f := sampleFacts()
	f.ToName, f.Note, f.Reason, f.To, f.Device = "TYPED", "TYPED", "TYPED", "typed@example.com", "TYPED"
	f.Pending = []access.PendingPerson{waits("TYPED", "typed@example.com", written, "Fleet")}
	for kind := range drafts {
		if s := write(t, l, sample{kind, f}).Subject; strings.Contains(strings.ToUpper(s), "TYPED") {
			t.Errorf("%s: the subject is %q", kind, s)
		}
	}
}

// A stranger requests an email to somebody else's address, with a User-Agent such as "your
// account is locked, ring 555-0100".
func TestDeviceIsNamedFromAFixedList(t *testing.T) {
	p := openTemplates(t).catalog.In(access.English)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 " +
			"Safari/537.36 Edg/140.0.0.0": "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
			"Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile " +
			"Safari/537.36": "Chrome on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 " +
			"Safari/537.36": "Chrome on macOS",
		"Your account is locked, ring 555-0100 Firefox": "Firefox",
		"curl/8.0": "",
		"":         "",
	} {
		if got := newWriter(access.MessageFacts{Device: agent}, p).device(); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

// Mail readers turn anything that looks like a link into one. What people type must not
// look like one, in either form of the email.
func TestTypedTextBecomesNoLink(t *testing.T) {
	l := openTemplates(t)
	f := sampleFacts()
	f.ToName, f.Note, f.Reason = "Ada evil.example", "See https://evil.example/now or www.evil.example",
		"Go to evil.example"
	f.Pending = []access.PendingPerson{waits("evil.example", "ada@example.com", written)}
	for kind := range drafts {
		w := write(t, l, sample{kind, f})
		if s := w.Text + w.HTML; strings.Contains(s, "evil.example") || strings.Contains(s, "https://evil") {
			t.Errorf("%s: a typed address stayed one", kind)
		}
	}
	for s, want := range map[string]string{
		"Dr. Ada Lovelace": "Dr. Ada Lovelace",
		"Well … yes.":      "Well … yes.",
		"Ends.":            "Ends.",
		"a.b":              "a.\u200bb",
	} {
		if got := unlinked(s); got != want {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// The templates escape nothing themselves, so every field of a draft must be escaped
// beforehand, including fields that are added later.
func TestEveryPartOfADraftIsEscaped(t *testing.T) {
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(`<"&'>`)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		default:
			t.Fatalf("a draft holds a %v; asHTML has to escape it", v.Type())
		}
	}
	var d draft
	fill(reflect.ValueOf(&d).Elem())
	var check func(name string, v reflect.Value)
	check = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if v.String() != "&lt;&#34;&amp;&#39;&gt;" {
				t.Errorf("%s is %q", name, v.String())
			}
		case reflect.Slice:
			if v.Len() != 2 {
				t.Errorf("%s lost something", name)
			}
			for i := range v.Len() {
				check(name, v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				check(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	check("draft", reflect.ValueOf(*d.asHTML()))
}

func TestLinksAreWebAddresses(t *testing.T) {
	l := openTemplates(t)
	for _, link := range []string{"javascript:alert(1)", "data:text/html,x", "/login/x", "ftp://door.example.com"} {
		f := sampleFacts()
		f.Link = link
		if _, err := l.Render(access.InvitationMessage, f); err == nil {
			t.Errorf("an email links to %q", link)
		}
	}
}
