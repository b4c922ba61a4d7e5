package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/app/config"
	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
)

// A pair is a certificate for 127.0.0.1 and its key, in two files.
type pair struct {
	t         testing.TB
	cert, key string
}

func newPair(t testing.TB) pair {
	dir := t.TempDir()
	p := pair{t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	p.issue("first", time.Hour)
	return p
}

// issue writes a certificate for a name with this lifetime; each file is replaced
// atomically, as renewal programs do.
func (p pair) issue(name string, lasts time.Duration) {
	p.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(lasts),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &k.PublicKey, k)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(p.cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.write(p.key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

func (p pair) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		p.t.Fatal(err)
	}
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestCertificateRefused(t *testing.T) {
	good, other := newPair(t), newPair(t)
	bad := filepath.Join(t.TempDir(), "bad.pem")
	good.write(bad, "no certificate")
	gone := filepath.Join(t.TempDir(), "gone.pem")
	tests := []struct {
		name, cert, key string
		field           string
		says            []string
	}{
		{"no certificate there", gone, good.key, "tls_cert", []string{gone, "cannot be read: no such file"}},
		{"no key there", good.cert, gone, "tls_key", []string{gone, "cannot be read: no such file"}},
		{"a directory", filepath.Dir(good.cert), good.key, "tls_cert", []string{"cannot be read: is a directory"}},
		{"no certificate in it", bad, good.key, "tls_cert", []string{bad, good.key, "cannot be used together"}},
		{"no key in it", good.cert, bad, "tls_cert", []string{"cannot be used together"}},
		{"the key of another", good.cert, other.key, "tls_cert", []string{"cannot be used together", "does not match"}},
		{"the wrong way round", good.key, good.cert, "tls_cert", []string{"cannot be used together"}},
	}
	for _, tt := range tests {
		_, err := openCertificate(tt.cert, tt.key, slog.Default())
		if e := access.Explain(err); e.Kind != access.Invalid || e.Field != tt.field || e.Code != "bad_certificate" {
			t.Errorf("%s: %+v", tt.name, e)
		}
		for _, says := range tt.says {
			if !strings.Contains(fmt.Sprint(err), says) {
				t.Errorf("%s: %v, want %q in it", tt.name, err, says)
			}
		}
	}
}

// A certificate is renewed every few weeks, at night, by a program that does not
// know this one. Neither half a pair nor a broken one may take the portal
// offline.
func TestCertificateIsRenewed(t *testing.T) {
	p, log := newPair(t), &logBuffer{}
	c, err := openCertificate(p.cert, p.key, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	c.now = func() time.Time { return at }
	shown := func() string {
		at = at.Add(lookInterval)
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.Subject.CommonName
	}
	want := func(step, name string) {
		t.Helper()
		if got := shown(); got != name {
			t.Errorf("%s: it shows %q, want %q", step, got, name)
		}
	}
	want("at first", "first")
	p.issue("second", time.Hour)
	want("renewed", "second")
	key, err := os.ReadFile(p.key)
	if err != nil {
		t.Fatal(err)
	}
	other := newPair(t)
	other.issue("half", time.Hour)
	half, err := os.ReadFile(other.cert)
	if err != nil {
		t.Fatal(err)
	}
	p.write(p.cert, string(half))
	want("half of a pair", "second")
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("half of a pair was logged %d times: %s", n, log)
	}
	want("half of a pair, later", "second")
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("what has not changed since was logged again: %s", log)
	}
	if strings.Contains(log.String(), string(key[30:60])) {
		t.Error("the log holds the key")
	}
	if err := os.Remove(p.key); err != nil {
		t.Fatal(err)
	}
	want("no key at all", "second")
	p.issue("third", time.Hour)
	want("whole again", "third")
}

// Doorward serves TLS without a proxy: a browser gets the current certificate,
// also after the files change.
func TestServeTLS(t *testing.T) {
	p := newPair(t)
	a, err := Open(t.Context(), testConfig(t, map[string]string{
		"listen":   "127.0.0.1:0",
		"url":      "https://localhost:8443",
		"tls-cert": p.cert,
		"tls-key":  p.key,
	}))
	if err != nil {
		t.Fatal(err)
	}
	email, err := address.Parse("ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	// Without an Admin there is no form to sign in, and no cookie for one.
	if _, _, err := a.service.Setup.SetUpHere(t.Context(), service.FirstAdmin{Email: email, Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	info, ended := make(chan ServeInfo, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(i ServeInfo) { info <- i }) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}()
	at := (<-info).Listen

	get := func(scheme string, c *tls.Config) (*http.Response, error) {
		c.InsecureSkipVerify = true // its certificate is checked below
		client := &http.Client{
			Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true},
			Timeout:   time.Minute,
		}
		r, err := http.NewRequest("GET", scheme+"://"+at+"/login", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "localhost:8443"
		resp, err := client.Do(r)
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return resp, err
	}
	resp, err := get("https", &tls.Config{})
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("over TLS: %v, %v", resp, err)
	}
	if name := resp.TLS.PeerCertificates[0].Subject.CommonName; name != "first" {
		t.Errorf("it shows the certificate %q", name)
	}
	if h := resp.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(h, "max-age=") {
		t.Errorf("Strict-Transport-Security is %q", h)
	}
	if c := resp.Cookies(); len(c) == 0 || !strings.HasPrefix(c[0].Name, "__Host-") || !c[0].Secure {
		t.Errorf("cookies %v", c)
	}
	if _, err := get("https", &tls.Config{MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if resp, err := get("http", &tls.Config{}); err == nil && resp.StatusCode == 200 {
		t.Error("it answers without TLS on the same port")
	}
	p.issue("second", time.Hour)
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := get("https", &tls.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if resp.TLS.PeerCertificates[0].Subject.CommonName == "second" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the renewed certificate is never shown")
		}
	}
	p.write(p.cert, "broken")
	if resp, err := get("https", &tls.Config{}); err != nil ||
		resp.TLS.PeerCertificates[0].Subject.CommonName != "second" {
		t.Errorf("with a broken file: %v", err)
	}
}

func TestDoctorOnCertificates(t *testing.T) {
	look := func(url string, lasts time.Duration) string {
		p := newPair(t)
		p.issue("door", lasts)
		o := operations{&App{c: config.Config{URL: url, TLSCert: p.cert, TLSKey: p.key}, log: slog.Default()}}
		c := o.certificate()[0]
		return c.State + " " + c.Detail.String()
	}
	for want, got := range map[string]string{
		"ok Valid until":                  look("https://localhost", 60*24*time.Hour),
		"warn Valid until":                look("https://localhost", 48*time.Hour),
		"fail Expired ":                   look("https://localhost", -time.Minute),
		"fail The certificate is not for": look("https://door.example.com", 60*24*time.Hour),
	} {
		if !strings.HasPrefix(got, want) {
			t.Errorf("the doctor says %q, want %q", got, want)
		}
	}
	if got := (operations{&App{}}).certificate(); got != nil {
		t.Errorf("without TLS the doctor says %v", got)
	}
}

// testConfig is a configuration on a fresh data directory.
func testConfig(t testing.TB, flags map[string]string) config.Config {
	t.Helper()
	given := map[string]string{"data": filepath.Join(t.TempDir(), "data")}
	for k, v := range flags {
		given[k] = v
	}
	c, err := config.Load(given, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	c.Frontend, c.Version, c.Log = os.DirFS("../frontend"), "test", io.Discard
	return c
}
