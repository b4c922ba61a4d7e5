package app

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"doorward/backend/access"
	"doorward/backend/store/kv/kvtest"
)

// harm puts what each harm makes of a file in its place, and has look give its
// verdict. A harm that hits one place is done ten times.
func harm(t *testing.T, name string, whole, other, older []byte, look func(t *testing.T, h string, data []byte) string) {
	t.Helper()
	r, verdicts := rand.New(rand.NewPCG(kvtest.Seed(t), 9)), map[string]int{}
	for _, h := range kvtest.Harms {
		for range h.Times(10) {
			data := h.Do(r, bytes.Clone(whole), other, older)
			err := os.Remove(name)
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			if err == nil && data != nil {
				err = os.WriteFile(name, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			verdicts[look(t, h.Name, data)]++
		}
	}
	t.Logf("%v", verdicts)
}

// refusedInWords fails unless a refusal is a sentence that names the file.
func refusedInWords(t *testing.T, h, name string, err error) string {
	t.Helper()
	if e := access.Explain(err); e.Kind == access.Internal || !strings.Contains(e.Message, name) {
		t.Errorf("%s: refused without a sentence that names %s: %v", h, name, err)
	}
	return "refused"
}

const harmedSettings = `# The settings of this Doorward.
listen = "127.0.0.1:8081"
url = "https://door.example.com"
smtp_url = "smtp://door:secret@mail.example.com:587"
mail_from = "door@example.com"
mail_per_minute = 30
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
log_level = "warn"
log_format = "json"
`

// A disk or a hand harms the settings' file. It is refused with a sentence that names
// it; or it is a settings' file still, and then exactly what it says now holds, as if
// it had been said by flags: never a part of it, and never what it said before. A
// file that people write carries no sum, so that it says something else cannot be
// known.
func TestHarmOfSettingsIsRefusedOrTaken(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, ConfigFile)
	none := func(string) string { return "" }
	load := func(flags map[string]string) (string, error) {
		flags["data"] = dir
		c, err := LoadConfig(flags, none)
		c.Notes = nil
		return fmt.Sprintf("%+v", c), err
	}
	if err := os.WriteFile(name, []byte(harmedSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := load(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	another := strings.NewReplacer("door.example.com", "gate.example.org", "8081", "9090").Replace(harmedSettings)
	older := strings.Replace(harmedSettings, "mail_per_minute = 30\n", "", 1)
	harm(t, name, []byte(harmedSettings), []byte(another), []byte(older), func(t *testing.T, h string, data []byte) string {
		got, err := load(map[string]string{})
		if err != nil {
			return refusedByFileOrValue(t, h, name, err)
		}
		if got == want {
			return "harmless"
		}
		if says := spoken(t, dir, name, data, none); got != says {
			t.Errorf("%s: %s\nholds, and the file says %s\n%q", h, got, says, data)
		}
		return "another settings' file"
	})
}

// refusedByFileOrValue is a refusal of the file, or of a value in it by its setting.
func refusedByFileOrValue(t *testing.T, h, name string, err error) string {
	t.Helper()
	e := access.Explain(err)
	if e.Kind == access.Internal || e.Message == "" || e.Field == "" {
		t.Errorf("%s: refused without a sentence and what it is about: %v", h, err)
	}
	if e.Code == "settings_file" {
		return refusedInWords(t, h, name, err)
	}
	return "a value is refused"
}

// spoken is what a settings' file says, given as flags in a directory without one.
func spoken(t *testing.T, dir, name string, data []byte, env func(string) string) string {
	t.Helper()
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		t.Fatalf("%q was taken: %v", data, err)
	}
	flags := map[string]string{"data": dir}
	for key, value := range all {
		text := fmt.Sprint(value)
		if list, ok := value.([]any); ok {
			text = strings.Join(strings.Fields(strings.Trim(fmt.Sprint(list), "[]")), ",")
		}
		flags[strings.ReplaceAll(key, "_", "-")] = text
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	c, err := LoadConfig(flags, env)
	if err != nil {
		t.Fatalf("%q was taken, and by flags it is not: %v", data, err)
	}
	c.Notes = nil // they tell of how it was said
	return fmt.Sprintf("%+v", c)
}

// A disk or a hand harms the certificate or its key: at a start it is refused with a
// sentence that names the file, and while a server runs the pair before it stays. A
// certificate that still reads as one for the same key is shown as it is, and then no
// browser that knows who signed the whole one takes it.
func TestHarmOfCertificateIsRefused(t *testing.T) {
	whole, other := newPair(t), newPair(t)
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	olderCert, olderKey := read(whole.cert), read(whole.key)
	whole.issue("now", time.Hour)
	cert, key := read(whole.cert), read(whole.key)
	before, err := openCertificate(whole.cert, whole.key, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AddCert(before.pair.Leaf)
	look := func(name string) func(*testing.T, string, []byte) string {
		return func(t *testing.T, h string, _ []byte) string {
			t.Helper()
			runs := &certificate{ // what a server that runs goes on with
				cert: whole.cert,
				key:  whole.key,
				log:  slog.New(slog.NewTextHandler(io.Discard, nil)),
				now:  time.Now,
				pair: before.pair,
				seen: before.seen,
			}
			shown, err := runs.get(nil)
			if err != nil || shown == nil {
				t.Fatalf("%s: a server that runs has no certificate: %v", h, err)
			}
			c, err := openCertificate(whole.cert, whole.key, runs.log)
			if err != nil {
				if !bytes.Equal(shown.Certificate[0], before.pair.Certificate[0]) {
					t.Errorf("%s: a server that runs shows what a start refuses", h)
				}
				return refusedInWords(t, h, name, err)
			}
			if bytes.Equal(c.pair.Certificate[0], before.pair.Certificate[0]) {
				return "harmless"
			}
			if _, err := c.pair.Leaf.Verify(x509.VerifyOptions{Roots: known}); err == nil {
				t.Errorf("%s: another certificate is shown, and browsers take it", h)
			}
			return "refused by browsers"
		}
	}
	t.Run("certificate", func(t *testing.T) { harm(t, whole.cert, cert, read(other.cert), olderCert, look(whole.cert)) })
	whole.write(whole.cert, string(cert))
	t.Run("key", func(t *testing.T) { harm(t, whole.key, key, read(other.key), olderKey, look(whole.key)) })
}
