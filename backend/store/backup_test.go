package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// full fills a store with some of everything and returns what must not be in a backup: each
// secret, as it is, as its hash, and as its hash in hexadecimal.
func full(b *box) (secrets [][]byte) {
	b.t.Helper()
	secret := func() access.SecretHash {
		s := access.NewSecret()
		secrets = append(secrets, []byte(s.Reveal()))
		return s.Hash()
	}
	m := b.person("ada@example.com", "Ada Lovelace")
	gone := b.person("gone@example.com", "")
	admin := b.person("boss@example.com", "", access.Admin)
	admin.State = access.Active
	b.put(m, gone, admin)
	b.update(func(tx *Tx) error {
		browser := secret()
		msg := messageFor(m, tx.Now)
		return errors.Join(
			tx.Sessions.Put(access.Session{Hash: secret(), Member: m.ID, OpenedAt: tx.Now, SeenAt: tx.Now}),
			tx.LoginLinks.Put(access.LoginLink{
				Hash:      secret(),
				Member:    m.ID,
				Address:   m.Email.Canonical,
				ExpiresAt: tx.Now.Add(time.Hour),
			}),
			tx.SignInRequests.Put(access.SignInRequest{
				Browser:   browser,
				Address:   m.Email,
				Code:      tx.CodeHash(browser, "K7PQ3XMD"),
				CreatedAt: tx.Now,
				ExpiresAt: tx.Now.Add(time.Hour),
			}),
			tx.Tokens.Put(access.Token{ID: access.TokenID(access.NewID()), Hash: secret(), Name: "ci"}),
			tx.Messages.Post(msg, access.MessageFacts{Link: "the words of a letter"}),
			tx.Roles.Put(access.Role{Name: "Guest", Permissions: access.Grantable()[:1]}),
			tx.PutLogo(anyLogo),
			tx.PutSettings(access.Settings{
				Workspace:     "Works",
				InvitationTTL: 3600,
				Brand: access.Brand{
					Accent:  "#7a1f5c",
					Footer:  "Questions?",
					Contact: "mailto:help@example.com",
					Logo:    access.Logo{Hash: anyLogoHash(), Width: 96, Height: 48},
				},
			}))
	})
	b.update(func(tx *Tx) error { return tx.Members.Delete(gone, access.EndedRejected) })
	return append(secrets, []byte("the words of a letter"), []byte("K7PQ3XMD"))
}

// anyLogo stands for an image: the store does not look into it.
var anyLogo = []byte("\x89PNG any logo")

func anyLogoHash() string {
	sum := sha256.Sum256(anyLogo)
	return hex.EncodeToString(sum[:])
}

// A logo that somebody slipped into a backup would be served to everybody who opens the
// sign-in page. One that is not the one of the settings is refused, as is a missing one.
func TestRestoreRefusesAnotherLogo(t *testing.T) {
	for name, tt := range map[string]struct {
		image []byte
		hash  string
		fine  bool
	}{
		"the one of the settings": {anyLogo, anyLogoHash(), true},
		"none":                    {nil, "", true},
		"another":                 {[]byte("<script>"), anyLogoHash(), false},
		"a missing one":           {nil, anyLogoHash(), false},
		"one that is unknown":     {anyLogo, "", false},
	} {
		b := openBox(t, "")
		full(b)
		b.update(func(tx *Tx) error {
			set, err := tx.Settings()
			set.Brand.Logo = access.Logo{}
			if tt.hash != "" {
				set.Brand.Logo = access.Logo{Hash: tt.hash, Width: 96, Height: 48}
			}
			return errors.Join(err, tx.PutSettings(set), tx.PutLogo(tt.image))
		})
		_, err := Restore(t.Context(), bytes.NewReader(b.backup()), b.options(filepath.Join(t.TempDir(), "new")))
		if (err == nil) != tt.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (b *box) backup() []byte {
	b.t.Helper()
	var w bytes.Buffer
	must(b.t, b.Backup(context.Background(), &w))
	return w.Bytes()
}

// An API token that was revoked after the backup would be valid again: after a restore no
// token is. A backup brings back members, roles, settings and the audit log, and nothing
// that grants access.
func TestBackupRestore(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		secrets := full(b)
		text := b.backup()
		for _, s := range secrets {
			if bytes.Contains(text, s) {
				t.Errorf("the backup holds %q", s)
			}
		}
		into := filepath.Join(t.TempDir(), "new")
		out, err := Restore(context.Background(), bytes.NewReader(text), b.options(into))
		must(t, err)
		if out.Members != 2 || out.Messages != 1 || out.Tokens != 1 {
			t.Errorf("it says %+v", out)
		}
		if left, err := os.ReadDir(into); err != nil || len(left) != 2 {
			t.Errorf("in the directory are %v, %v", left, err)
		}
		r := openBox(t, into)
		r.verify()
		if got := r.found(Query{Words: "lovel"}); !slices.Equal(got, []string{"ada@example.com"}) {
			t.Errorf("found %v after the restore", got)
		}
		left := map[string]int{}
		must(t, r.Each(context.Background(), func(key, _ []byte) error { left[string(key[:1])]++; return nil }))
		for _, none := range []string{"s", "S", "l", "L", "b", "B", "O", "z"} {
			if left[none] != 0 {
				t.Errorf("%d records %q after the restore", left[none], none)
			}
		}
		if left["m"] != 2 || left["k"] != 0 || left["K"] != 0 || left["g"] != 1 || left["p"] != 1 ||
			left["G"] != 1 || left["o"] != 1 {
			t.Errorf("restored are %v", left)
		}
		r.view(func(tx *Tx) error {
			p, err := tx.Messages.Find(MessageQuery{Limit: 5})
			if len(p.Items) != 1 || p.Items[0].State != access.MessageFailed {
				t.Errorf("the email that waited is %+v", p.Items)
			}
			log, err2 := tx.AuditLog.Since(3, 5)
			if len(log) != 1 || log[0].Action != access.ActionRestoreData || log[0].Detail != "1 API token is void" {
				t.Errorf("the log goes on with %v", log)
			}
			return errors.Join(err, err2)
		})
	})
}

// A backup that is truncated anywhere, or has a flipped bit anywhere, is refused with a
// sentence, and leaves no directory.
func TestDamagedBackupIsRefused(t *testing.T) {
	b := openBox(t, "")
	full(b)
	text := b.backup()
	try := func(what string, at int, damaged []byte) {
		t.Helper()
		into := filepath.Join(t.TempDir(), "new")
		_, err := Restore(context.Background(), bytes.NewReader(damaged), b.options(into))
		if err == nil {
			t.Fatalf("a backup %s at %d of %d was taken", what, at, len(text))
		}
		if e := access.Explain(err); e.Code != "backup_damaged" {
			t.Errorf("a backup %s at %d of %d: %v", what, at, len(text), err)
		}
		if _, err := os.Stat(into); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a backup %s at %d left a directory", what, at)
		}
	}
	// Data after the end has no checksum: another backup, or something to be smuggled in.
	try("followed by a byte", len(text), append(bytes.Clone(text), 0))
	try("followed by itself", len(text), append(bytes.Clone(text), text...))
	for at := range text { // also between two records
		f := &frameReader{r: bufio.NewReader(bytes.NewReader(text[:at])), sum: sha256.New()}
		_, err := f.header()
		for err == nil {
			_, err = f.next()
		}
		if errors.Is(err, io.EOF) {
			t.Fatalf("a backup cut at %d of %d reads as whole", at, len(text))
		}
	}
	for _, at := range []int{0, len(backupMagic) + 10, len(text) / 2, len(text) - 32, len(text) - 1} {
		try("cut", at, text[:at])
	}
	for _, at := range []int{0, len(backupMagic) + 3, len(text) / 3, len(text) * 2 / 3, len(text) - 33, len(text) - 1} {
		damaged := slices.Clone(text)
		damaged[at] ^= 0x10
		try("garbled", at, damaged)
	}
	full := t.TempDir()
	must(t, os.WriteFile(filepath.Join(full, "x"), nil, 0o600))
	if _, err := Restore(context.Background(), bytes.NewReader(text), b.options(full)); access.Explain(err).
		Code != "restore_not_empty" {
		t.Errorf("into a directory that is not empty: %v", err)
	}
	if _, err := os.Stat(filepath.Join(full, "x")); err != nil {
		t.Error("a refused restore deleted what was there")
	}
}

// Records that contradict each other are found even if each value's checksum is right.
func TestVerifyFindsWhatDoesNotFit(t *testing.T) {
	set := func(prefix, value string) func(b *box) error {
		return func(b *box) error {
			return b.kv.Update(context.Background(), kv.NewOp(), func(t kv.Tx) error {
				found, err := t.Scan([]byte(prefix), after([]byte(prefix)), 1)
				if err != nil || len(found) == 0 {
					return errors.Join(err, errors.New("nothing begins with "+prefix))
				}
				if value == "" {
					return t.Delete(found[0].Key)
				}
				return t.Set(found[0].Key, []byte(value))
			})
		}
	}
	for name, damage := range map[string]func(b *box) error{
		"an address entry gone": set("a/", ""), "a list entry gone": set("t/*", ""), "a role entry gone": set("r/", ""),
		"a search word gone": set("w/lovelace", ""), "a waiting entry gone": set("q/", ""),
		"what falls due gone":       set("x/", ""),
		"an email's entry gone":     set("n/", ""),
		"an email's due entry gone": set("Q/", ""),
		"a member's email gone":     set("M/", ""),
		"an address of another":     set("a/", `"somebody"`),
		"a search word of another":  set("w/", "a"),
		"the counters off":          set("c", `{"pending":7}`),
		"a member gone":             set("m/", ""),
		"an email gone":             set("o/", ""),
		"a token gone":              set("k/", ""),
		"a token's hash gone":       set("K/", ""),
		"a session's entry gone":    set("S/", ""), "a link's entry gone": set("L/", ""),
	} {
		t.Run(name, func(t *testing.T) {
			b := openBox(t, "")
			full(b)
			b.verify()
			must(t, damage(b))
			if _, err := b.Verify(context.Background()); access.Explain(err).Code != "store_broken" {
				t.Errorf("Verify = %v", err)
			}
		})
	}
}

// Whoever finds a backup has the key of all that is sealed in it: the mail server's password
// is not among that. The restored store says that it has none.
func TestBackupLacksTheMailPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		full(b)
		sealed := func() (value []byte) {
			b.view(func(tx *Tx) (err error) {
				value, _, err = tx.read(mailPasswordPrefix.key())
				return err
			})
			return value
		}
		b.update(func(tx *Tx) error {
			s, err := tx.Settings()
			must(t, err)
			s.Mail = access.MailSettings{Host: "smtp.example.com", Port: 587, User: "door", HasPassword: true}
			return errors.Join(tx.PutSettings(s), tx.PutMailPassword("open sesame"))
		})
		b.view(func(tx *Tx) error {
			if p, err := tx.MailPassword(); err != nil || p.Reveal() != "open sesame" {
				t.Errorf("the password is %q, %v", p.Reveal(), err)
			}
			return nil
		})
		backup := b.backup()
		for what, secret := range map[string][]byte{"as it is": []byte("open sesame"), "sealed": sealed()} {
			if len(secret) == 0 || bytes.Contains(backup, secret) || bytes.Contains(sealed(), []byte("sesame")) {
				t.Errorf("the backup has the password %s", what)
			}
		}
		into := filepath.Join(t.TempDir(), "new")
		_, err := Restore(context.Background(), bytes.NewReader(backup), b.options(into))
		must(t, err)
		openBox(t, into).view(func(tx *Tx) error {
			s, err := tx.Settings()
			must(t, err)
			if p, err := tx.MailPassword(); err != nil || p != "" || s.Mail.HasPassword || s.Mail.Usable() ||
				s.Mail.Host != "smtp.example.com" {
				t.Errorf("restored %+v with %q, %v", s.Mail, p, err)
			}
			return nil
		})
	})
}
