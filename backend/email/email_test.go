package email

import (
	"cmp"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"doorward/backend/access"
)

var update = flag.Bool("update", false, "write the golden emails anew")

var written = time.Date(2030, 5, 8, 12, 0, 0, 0, time.UTC)

func sampleFacts() access.MessageFacts {
	return access.MessageFacts{
		Workspace:    "AI Loop",
		PublicURL:    "https://door.example.com",
		To:           "Ada@Example.com",
		ToName:       "Ada Lovelace",
		Inviter:      "Grace Hopper",
		InviterEmail: "grace@example.org",
		Roles:        []access.RoleName{"Fleet"},
		Link:         "https://door.example.com/login/Zm9yIGdvbGRlbiBsZXR0ZXJzIG9ubHk-bm90LWEtc2VjcmV0",
		At:           written,
		Until:        written.Add(7 * 24 * time.Hour),
	}
}

func waits(name, email string, since time.Time, roles ...access.RoleName) access.PendingPerson {
	return access.PendingPerson{Name: name, Email: email, Roles: roles, Since: since}
}

type sample struct {
	kind  access.MessageKind
	facts access.MessageFacts
}

// samples has every kind of email, with few facts and with many.
func samples() map[string]sample {
	with := func(change func(*access.MessageFacts)) access.MessageFacts {
		f := sampleFacts()
		change(&f)
		return f
	}
	asked := with(func(f *access.MessageFacts) {
		f.Code, f.Until = "K7PQ-3XMD", written.Add(15*time.Minute)
		f.Device = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	})
	ada := waits("Ada Lovelace", "ada@example.com", written.Add(-12*time.Minute), "Fleet")
	alan := waits("", "alan@example.net", written.Add(-26*time.Hour), "AILoop", "Fleet")
	admin := func(who ...access.PendingPerson) access.MessageFacts {
		return access.MessageFacts{
			Workspace: "AI Loop",
			PublicURL: "https://door.example.com",
			To:        "grace@example.org",
			ToName:    "Grace Hopper",
			At:        written,
			Pending:   who,
		}
	}
	long := strings.Repeat("Wolfeschlegelsteinhausenbergerdorff ", 4)
	return map[string]sample{
		"invitation": {access.InvitationMessage, with(func(f *access.MessageFacts) {
			f.Note = "Welcome, Ada. Charles told me you start on Monday."
		})},
		"invitation-bare": {access.InvitationMessage, access.MessageFacts{
			Workspace: "AI Loop",
			PublicURL: "http://127.0.0.1:8080",
			To:        "ada@example.com",
			Roles:     []access.RoleName{"AILoop", "Fleet"},
			Link:      "http://127.0.0.1:8080/login/abc",
			At:        written,
			Until:     written.Add(time.Hour),
		}},
		"invitation-long": {access.InvitationMessage, with(func(f *access.MessageFacts) {
			f.Workspace, f.ToName, f.Inviter, f.Note = long, long, long, strings.Repeat("A long word of welcome. ", 30)
			f.To = strings.Repeat("long.", 30) + "address@example.com"
			f.Roles = []access.RoleName{"Admin", "AILoop", "Fleet", "Observers of the long and winding road"}
		})},
		"expiring": {access.ExpiringMessage, with(func(f *access.MessageFacts) {
			f.Until = written.Add(24 * time.Hour)
		})},
		"sign-in": {access.SignInMessage, asked},
		"sign-in-renew": {
			access.SignInMessage,
			with(func(f *access.MessageFacts) { f.ToName = ""; f.Until = written.Add(15 * time.Minute) }),
		},
		"confirmation": {access.ConfirmationMessage, with(func(f *access.MessageFacts) {
			f.Link, f.Code, f.Until = "", "7K3M-9QXD", written.Add(10*time.Minute)
			f.Device = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
		})},
		"received": {access.ReceivedMessage, sampleFacts()},
		"approved": {access.ApprovedMessage, with(func(f *access.MessageFacts) { f.Link = "" })},
		"rejected": {access.RejectedMessage, with(func(f *access.MessageFacts) {
			f.Reason = "This workspace is for the route planners only."
		})},
		"rejected-plain": {access.RejectedMessage, sampleFacts()},
		"waiting":        {access.RequestsMessage, admin(ada)},
		"waiting-many":   {access.RequestsMessage, admin(ada, alan)},
		"waiting-admin": {access.RequestsMessage,
			admin(waits("", "eve@example.net", written.Add(-time.Hour), "Admin"))},
		"abandoned": {access.UndecidedMessage, admin(alan)},
		"test":      {access.TestMessage, admin()},
	}
}

func openTemplates(t testing.TB) *Templates {
	t.Helper()
	l, err := openWith(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func write(t testing.TB, l *Templates, s sample) access.MessageBody {
	t.Helper()
	w, err := l.Render(s.kind, s.facts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEmailsGolden(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		w := write(t, l, s)
		for ext, got := range map[string]string{".html": w.HTML, ".txt": "Subject: " + w.Subject + "\n\n" + w.Text} {
			file := filepath.Join("testdata", "emails", name+ext)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil {
				t.Errorf("%v (write it with -update)", err)
			} else if got != string(want) {
				t.Errorf("%s is not what it was; look at it, then write it anew with -update", file)
			}
		}
	}
}

func TestEveryKindHasASample(t *testing.T) {
	seen := map[access.MessageKind]bool{}
	for _, s := range samples() {
		seen[s.kind] = true
	}
	for kind := range drafts {
		if !seen[kind] {
			t.Errorf("no sample of %q", kind)
		}
	}
	if _, err := openTemplates(t).Render("postcard", sampleFacts()); err == nil {
		t.Error("an email of a kind there is none of was written")
	}
}

// A queued email is stored as its facts: the email written from them later must be the
// same.
func TestKeptFactsSayTheSame(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		kept, err := json.Marshal(s.facts)
		if err != nil {
			t.Fatal(err)
		}
		again := sample{kind: s.kind}
		if err := json.Unmarshal(kept, &again.facts); err != nil {
			t.Fatal(err)
		}
		want := write(t, l, s)
		if got := write(t, l, again); got != want {
			t.Errorf("%s: what was kept says\n%s\nwant\n%s", name, got.Text, want.Text)
		}
		if subject, err := l.Subject(s.kind, again.facts); err != nil || subject != want.Subject {
			t.Errorf("%s: the subject is %q, %v, want %q", name, subject, err, want.Subject)
		}
	}
}

// An Admin who may read the outbox opens an email with somebody else's login link.
func TestRedactedFactsLetNobodyIn(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		s.facts.Code = cmp.Or(s.facts.Code, "K7PQ-3XMD")
		shown := write(t, l, sample{s.kind, l.Redact(s.facts)})
		whole := write(t, l, s)
		old := access.MessageFacts{Rendered: &whole}
		hidden := write(t, l, sample{s.kind, l.Redact(old)})
		for _, b := range []access.MessageBody{shown, hidden} {
			for _, secret := range []string{s.facts.Code, "Zm9yIGdvbGRlbi"} {
				if strings.Contains(b.Subject+b.Text+b.HTML, secret) {
					t.Errorf("%s: %q is shown in\n%s", name, secret, b.Text)
				}
			}
		}
		if got := write(t, l, sample{s.kind, old}); got != whole {
			t.Errorf("%s: an email that was kept whole is\n%s", name, got.Text)
		}
		if s.facts.Link != "" && s.kind.HoldsSecret() && !strings.Contains(shown.Text, s.facts.PublicURL+"/login/…") {
			t.Errorf("%s: nothing says where the link stood:\n%s", name, shown.Text)
		}
	}
}

func TestEmailsTellTheFacts(t *testing.T) {
	l, all := openTemplates(t), samples()
	for name, facts := range map[string][]string{
		"invitation": {
			"Grace Hopper",
			"grace@example.org",
			"Ada@Example.com",
			"Fleet",
			"Wednesday 15 May 2030 at 12:00 UTC (in 7 days)",
			all["invitation"].facts.Link,
			"Welcome, Ada.",
			"did not expect it",
		},
		"expiring": {
			"Grace Hopper",
			"Thursday 9 May 2030 at 12:00 UTC (in 24 hours)",
			all["expiring"].facts.Link,
			"no longer works",
			"did not expect it",
		},
		"sign-in": {
			"K7PQ-3XMD",
			all["sign-in"].facts.Link,
			"Wednesday 8 May 2030 at 12:15 UTC (in 15 minutes)",
			"Firefox on Linux",
			"If it was not you",
		},
		"received": {"Fleet", "Grace Hopper", "https://door.example.com/pending", "If that was not you"},
		"approved": {"Fleet", "https://door.example.com/"},
		"rejected": {"This workspace is for the route planners only.", "deleted"},
		"waiting": {"Ada Lovelace", "ada@example.com", "Requested role: Fleet", "waiting 12 min",
			"https://door.example.com/admin/requests", "turn it off"},
		"waiting-many":  {"2 pending requests", "Ada Lovelace", "alan@example.net", "AILoop and Fleet"},
		"waiting-admin": {"eve@example.net", "Requested role: Admin (can manage everyone), waiting 1 h"},
		"abandoned":     {"alan@example.net", "30 days"},
		"test":          {"grace@example.org", "Wednesday 8 May 2030 at 12:00 UTC"},
	} {
		w := write(t, l, all[name])
		text := strings.Join(strings.Fields(strings.ReplaceAll(w.Text, "\n> ", " ")), " ")
		html := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#43;", "+", "\u00a0", " ").Replace(w.HTML)
		for _, fact := range facts {
			if !strings.Contains(text, fact) {
				t.Errorf("%s: the text does not say %q", name, fact)
			}
			if !strings.Contains(html, fact) {
				t.Errorf("%s: the HTML does not say %q", name, fact)
			}
		}
	}
}

func TestEmailsReadWellAsText(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		w := write(t, l, s)
		lines := strings.Split(w.Text, "\n")
		alone := s.facts.Link == "" || s.kind == access.ReceivedMessage || s.kind == access.RejectedMessage
		for _, line := range lines {
			if line == s.facts.Link {
				alone = true
			}
			if utf8.RuneCountInString(line) > 72 && strings.Contains(strings.TrimSpace(line), " ") &&
				!strings.Contains(line, ": ") {
				t.Errorf("%s: a line of %d characters: %q", name, utf8.RuneCountInString(line), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: %q ends in a space", name, line)
			}
		}
		if !alone {
			t.Errorf("%s: the link has no line of its own", name)
		}
		if strings.Contains(w.Text, "\n\n\n") || !strings.HasSuffix(w.Text, "\n") || strings.HasSuffix(w.Text, "\n\n") {
			t.Errorf("%s: the text has holes:\n%s", name, w.Text)
		}
		if strings.ContainsAny(w.Text+w.Subject+w.HTML, "\r\x00") || strings.Contains(w.Text, "<no value>") ||
			strings.Contains(w.HTML, "ZgotmplZ") {
			t.Errorf("%s holds what does not belong in an email", name)
		}
	}
}

// An email that loads a picture tells its server when and where it was read. Ours link to
// the portal and to nothing else.
func TestEmailsLoadNothing(t *testing.T) {
	l := openTemplates(t)
	links := regexp.MustCompile(`(?:href|src|background|action)="([^"]*)"|url\(|@import|<(?:img|script|iframe|link|form|object|svg)`)
	for name, s := range samples() {
		for _, m := range links.FindAllStringSubmatch(write(t, l, s).HTML, -1) {
			if !strings.HasPrefix(m[1], s.facts.PublicURL) {
				t.Errorf("%s: %s", name, m[0])
			}
		}
	}
}

func TestEmailsAreSmall(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		w := write(t, l, s)
		limit := 4096
		if strings.HasSuffix(name, "-long") {
			limit = 8192
		}
		if len(w.HTML) > limit {
			t.Errorf("%s: %d bytes of HTML, want %d at the most", name, len(w.HTML), limit)
		}
	}
}

func TestManyPendingPeopleFitOneEmail(t *testing.T) {
	l := openTemplates(t)
	f := sampleFacts()
	f.Pending = make([]access.PendingPerson, 1000)
	for i := range f.Pending {
		f.Pending[i] = waits("Somebody", "somebody@example.com", written, "Fleet")
	}
	w := write(t, l, sample{access.RequestsMessage, f})
	if !strings.HasPrefix(w.Subject, "1,000 pending requests in AI Loop") ||
		!strings.Contains(w.Text, "and 980 more") || len(w.HTML) > 10_000 {
		t.Errorf("%q, %d bytes", w.Subject, len(w.HTML))
	}
}

func TestEmailsUseTheTokens(t *testing.T) {
	tokens, err := os.ReadFile("../../frontend/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile("../../frontend/emails/email.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range regexp.MustCompile(`#[0-9a-f]{6}`).FindAllString(string(html), -1) {
		if !strings.Contains(string(tokens), c) {
			t.Errorf("%s is not one of the tokens", c)
		}
	}
}

func TestMissingTemplatesAreNoticedAtStart(t *testing.T) {
	html, err := fs.ReadFile(os.DirFS("../../frontend"), "emails/email.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]fstest.MapFS{
		"nothing":   {},
		"no text":   {"emails/email.html": {Data: html}},
		"a mistake": {"emails/email.html": {Data: html}, "emails/email.txt": {Data: []byte("{{.Nonsense}}")}},
		"a bad page": {
			"emails/email.html": {Data: []byte("{{.Nonsense}}")},
			"emails/email.txt":  {Data: []byte("{{.Title}}")},
		},
	} {
		if _, err := New(files, sentences(t)); err == nil {
			t.Errorf("%s: went unnoticed", name)
		}
	}
}

func BenchmarkInvitation(b *testing.B) {
	l := openTemplates(b)
	s := samples()["invitation"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Render(s.kind, s.facts); err != nil {
			b.Fatal(err)
		}
	}
}
