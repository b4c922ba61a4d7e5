package app

import (
	"bytes"
	"crypto/x509"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv/kvtest"
)

// refusedInWords fails unless the refusal is a sentence that names the file.
func refusedInWords(t *testing.T, h, name string, err error) string {
	t.Helper()
	if e := access.Explain(err); e.Kind == access.Internal || !strings.Contains(e.Message, name) {
		t.Errorf("%s: refused without a sentence that names %s: %v", h, name, err)
	}
	return "refused"
}

// The certificate or its key is damaged. A start refuses it with a sentence that
// names the file, and a running server keeps the previous pair. A damaged
// certificate that still parses, and matches the key, is served; then no browser
// that knows the issuer accepts it.
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
			runs := &certificate{ // what a running server still uses
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
	t.Run("certificate", func(t *testing.T) {
		kvtest.HarmFile(t, whole.cert, cert, read(other.cert), olderCert, look(whole.cert))
	})
	whole.write(whole.cert, string(cert))
	t.Run("key", func(t *testing.T) { kvtest.HarmFile(t, whole.key, key, read(other.key), olderKey, look(whole.key)) })
}
