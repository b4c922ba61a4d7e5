package store

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// schema1 is a data directory that `doorward serve` of the first schema left when it was
// killed: a table from an earlier stop, and after it a log with an invitation, a sign-in
// request and its email. Every later version must open it with all its content.
const schema1 = "testdata/schema1.tar.gz"

// unpackFixture creates a data directory from a fixture.
func unpackFixture(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	must(t, os.Mkdir(dir, 0o700))
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		must(t, err)
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.FileInfo().IsDir() {
			must(t, os.MkdirAll(path, 0o700))
			continue
		}
		out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, h.FileInfo().Mode()&fs.ModePerm)
		must(t, err)
		_, err = io.Copy(out, r)
		must(t, errors.Join(err, out.Close()))
	}
}

// openSchema1 opens the fixture half an hour after it was made.
func openSchema1(t *testing.T) *box {
	t.Helper()
	b := unopenedSchema1(t)
	b.open()
	return b
}

func unopenedSchema1(t *testing.T) *box {
	t.Helper()
	b := &box{t: t, dir: unpackFixture(t, schema1), alone: true}
	b.at.Store(time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC).UnixMicro())
	t.Cleanup(func() {
		if b.Store != nil {
			b.Store.Close()
		}
	})
	return b
}

func TestSchema1Opens(t *testing.T) {
	tests := []struct {
		name  string
		check func(t *testing.T, b *box)
	}{
		{"verifies", func(t *testing.T, b *box) {
			want := Report{Records: 377, Members: 9, Messages: 16, AuditEntries: 30}
			if got := b.verify(); got != want {
				t.Errorf("Verify = %+v, want %+v", got, want)
			}
		}},
		{"members", schema1Members},
		{"counters", schema1Counters},
		{"roles", schema1Roles},
		{"tokens", schema1Tokens},
		{"sessions", schema1Sessions},
		{"outbox", schema1Outbox},
		{"audit log", schema1Audit},
		{"rejection", schema1Rejection},
		{"days", schema1Days},
		{"records by kind", schema1Records},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := openSchema1(t)
			tt.check(t, b)
			b.reopen()
			tt.check(t, b)
		})
	}
}

func schema1Members(t *testing.T, b *box) {
	var got []string
	b.view(func(tx *Tx) error {
		p, err := tx.Members.Page(Query{Limit: 50})
		for _, m := range p.Items {
			got = append(got, fmt.Sprint(m.Email.Typed, " ", m.Name, " ", m.State, " ", m.Roles))
		}
		return err
	})
	want := []string{
		"fay@example.com  pending [Fleet]",
		"ida@Example.COM Ida Ibsen pending [AILoop]",
		"hal@example.com Hal Hoff pending [Fleet]",
		"umit@bücher.example Ümit Müller pending [Fleet]",
		"gus@example.com  pending [Fleet]",
		"di@example.com  suspended [Fleet Night Pilots]",
		"cy@example.com  active [AILoop]",
		"bo@example.com  pending [Fleet]",
		"ada@example.com Ada Admin active [Admin]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("members are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if found := b.found(Query{Words: "mül"}); !slices.Equal(found, []string{"umit@xn--bcher-kva.example"}) {
		t.Errorf("a search finds %q", found)
	}
	b.view(func(tx *Tx) error {
		p, err := tx.Members.LoginRequests(RequestQuery{Limit: 50})
		if err != nil || p.Total != 6 || p.Items[0].Email.Canonical != "bo@example.com" {
			t.Errorf("login requests = %d, first %+v, %v", p.Total, p.Items[0], err)
		}
		if note := p.Items[0].Note; note != "I am in the Oslo office." {
			t.Errorf("the note of the first is %q", note)
		}
		return nil
	})
}

func schema1Counters(t *testing.T, b *box) {
	b.view(func(tx *Tx) error {
		c, err := tx.Counters()
		got := fmt.Sprint(c.Pending, c.Accepted, c.Active, c.Suspended, c.Admins, c.Tokens, c.Roles, c.Messages)
		want := "6 1 2 1 1 2 map[AILoop:2 Admin:1 Fleet:6 Night Pilots:1] map[held:16]"
		if err != nil || got != want {
			t.Errorf("counters = %s, %v, want %s", got, err, want)
		}
		return nil
	})
}

func schema1Roles(t *testing.T, b *box) {
	b.view(func(tx *Tx) error {
		roles, err := tx.Roles.Own()
		if err != nil || len(roles) != 1 || roles[0].Name != "Night Pilots" || roles[0].Description != "By night." {
			t.Errorf("roles = %+v, %v", roles, err)
		}
		settings, err := tx.Settings()
		if err != nil || settings.Workspace != "Fixture Works" {
			t.Errorf("the workspace is %q, %v", settings.Workspace, err)
		}
		return nil
	})
}

func schema1Tokens(t *testing.T, b *box) {
	got := map[string]bool{} // by name: was it used?
	b.view(func(tx *Tx) error {
		tokens, err := tx.Tokens.List(50)
		for _, token := range tokens {
			used, err := tx.Tokens.Used(token.ID)
			must(t, err)
			got[token.Name] = !used.IsZero()
		}
		return err
	})
	if want := map[string]bool{"ci": false, "mine": true}; !maps.Equal(got, want) {
		t.Errorf("tokens = %v, want %v", got, want)
	}
}

func schema1Sessions(t *testing.T, b *box) {
	want := map[string]int{"ada@example.com": 1, "bo@example.com": 1, "cy@example.com": 1}
	got := map[string]int{}
	b.view(func(tx *Tx) error {
		p, err := tx.Members.Page(Query{Limit: 50})
		for _, m := range p.Items {
			sessions, err := tx.Sessions.Of(m.ID, 50)
			must(t, err)
			if len(sessions) > 0 {
				got[m.Email.Canonical] = len(sessions)
			}
		}
		return err
	})
	if !maps.Equal(got, want) {
		t.Errorf("sessions = %v, want %v", got, want)
	}
}

// schema1Outbox: the content of every email can be read, and its link, if it has one, is
// complete.
func schema1Outbox(t *testing.T, b *box) {
	kinds := map[access.MessageKind]int{}
	b.view(func(tx *Tx) error {
		p, err := tx.Messages.Find(MessageQuery{Limit: 50})
		for _, m := range p.Items {
			kinds[m.Kind]++
			f, err := tx.Messages.Facts(m.ID)
			if err != nil || f.Rendered == nil {
				t.Errorf("the facts of the %s email to %s: %+v, %v", m.Kind, m.Recipient, f, err)
				continue
			}
			w := *f.Rendered
			if err != nil || w.Subject == "" || w.Text == "" || !strings.Contains(w.HTML, "</html>") {
				t.Errorf("the words of the %s email to %s: %+v, %v", m.Kind, m.Recipient, w, err)
			}
			opens := m.Kind == access.InvitationMessage || m.Kind == access.SignInMessage
			if opens && !strings.Contains(w.Text, "http://127.0.0.1:18099/login/") {
				t.Errorf("the %s email to %s has no link", m.Kind, m.Recipient)
			}
		}
		return err
	})
	got := fmt.Sprint(kinds)
	if want := "map[approved:2 invitation:8 received:3 sign_in:1 test:1 waiting:1]"; got != want {
		t.Errorf("emails = %s, want %s", got, want)
	}
}

func schema1Audit(t *testing.T, b *box) {
	if n, err := b.VerifyAudit(context.Background()); n != 30 || err != nil {
		t.Errorf("VerifyAudit = %d, %v", n, err)
	}
	b.view(func(tx *Tx) error {
		p, err := tx.AuditLog.Page("", 50)
		if err != nil || len(p.Items) != 30 {
			t.Fatalf("the log has %d entries, %v", len(p.Items), err)
		}
		first, last := p.Items[29], p.Items[0]
		if first.Action != access.ActionSetUp || last.Action != access.ActionInvite || last.Seq != 30 {
			t.Errorf("the log goes from %+v to %+v", first, last)
		}
		return nil
	})
}

func schema1Rejection(t *testing.T, b *box) {
	b.view(func(tx *Tx) error {
		r, ok, err := tx.Members.RejectedBefore("eve@example.com")
		if err != nil || !ok {
			t.Errorf("the rejected address = %+v, %v, %v", r, ok, err)
		}
		return nil
	})
}

func schema1Days(t *testing.T, b *box) {
	b.view(func(tx *Tx) error {
		days, err := tx.Days(1)
		if err != nil || len(days) != 1 || days[0].Invited != 9 || days[0].Approved != 2 || days[0].Rejected != 1 {
			t.Errorf("days = %+v, %v", days, err)
		}
		return nil
	})
}

// schema1Records counts the records by the start of their keys: this list is of the bytes
// on the disk, independent of the table of records.
func schema1Records(t *testing.T, b *box) {
	got := map[string]int{}
	must(t, b.Each(context.Background(), func(key, _ []byte) error {
		if before, _, found := strings.Cut(string(key), "/"); found {
			key = []byte(before + "/")
		}
		got[string(key)]++
		return nil
	}))
	want := map[string]int{
		"m/": 9, "a/": 9, "t/": 24, "r/": 10, "w/": 24, "q/": 6, "A/": 69, // members
		"l/": 10, "L/": 10, "b/": 2, "N/": 8, "s/": 3, "S/": 3, "z/": 3, // signing in
		"o/": 16, "O/": 16, "Q/": 16, "n/": 16, "M/": 15, "E/": 11, // emails
		"k/": 2, "K/": 2, "T/": 1, "U/": 1, "g/": 1, "v": 1, // tokens and roles
		"u/": 30, "h": 1, "e/": 1, "j/": 1, "Y/": 1, "i/": 6, // what happened
		"x/": 43, "c": 1, "p": 1, "f": 1, "D": 1, "T": 1,
		"V": 1, // not in the fixture: the first start writes it
	}
	if !maps.Equal(got, want) {
		t.Errorf("records = %v, want %v", got, want)
	}
}

// The opened store works: a person is invited, a backup is made and restored.
func TestSchema1GoesOn(t *testing.T) {
	b := openSchema1(t)
	b.put(b.person("new@example.com", "New"))
	r, w := io.Pipe()
	go func() { w.CloseWithError(b.Backup(context.Background(), w)) }()
	into := b.options(filepath.Join(t.TempDir(), "restored"))
	into.Logger = slog.New(slog.DiscardHandler)
	restored, err := Restore(context.Background(), r, into)
	if err != nil || restored.Members != 10 || restored.Tokens != 2 {
		t.Errorf("Restore = %+v, %v", restored, err)
	}
	must(t, b.Compact(context.Background()))
	b.reopen()
	b.verify()
}
