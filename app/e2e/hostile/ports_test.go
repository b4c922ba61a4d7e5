package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

var _ = item("99",
	"ways in other than the pages: metrics, profiles, other ports, the command line's socket",
	otherPorts)

// The attacker looks for what a framework opens by default: profiles, metrics, debug
// pages; another port; the operator's API over the network. There is one port, and
// one socket that only its owner can open.
func otherPorts(t *testing.T) {
	h := openWithAdmin(t)
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/debug/vars", "/pprof", "/monitor", "/status", "/_internal", "/server-status",
		"/actuator", "/swagger", "/docs", "/api/v1/docs", "/schemas", "/wails/ipc.js", "/desktop", "/local",
		"/local/v1/members/by-email?email=" + boss,
	} {
		if a := h.browser().get(path); a.code != 404 && a.code != 401 && a.code != 303 {
			t.Errorf("GET %s = %d", path, a.code)
		}
	}
	info, err := os.Stat(filepath.Join(h.Dir, "doorward.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v (%v)", info.Mode(), err)
	}
	if ports := listening(t, h.Server.Process.Pid); len(ports) != 1 || ports[0] != h.Listen {
		t.Errorf("the program listens on %v", ports)
	}
}

// listening are the TCP addresses that a process listens on.
func listening(t *testing.T, pid int) (all []string) {
	t.Helper()
	sockets := map[string]bool{}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name())); err == nil {
			sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	for _, file := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || !sockets[f[9]] {
				continue
			}
			var ip, port uint32
			if _, err := fmt.Sscanf(f[1], "%08X:%04X", &ip, &port); err != nil {
				all = append(all, f[1])
				continue
			}
			all = append(all, net.JoinHostPort(
				net.IPv4(byte(ip), byte(ip>>8), byte(ip>>16), byte(ip>>24)).String(),
				fmt.Sprint(port),
			))
		}
	}
	return all
}

var _ = item("100", "old TLS, weak suites, and plain requests to the port that speaks TLS", oldTLS)

// A client is downgraded to an old TLS version, or a plain request is answered on the
// encrypted port. Both are refused.
func oldTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	p := product.New(t, "--tls-cert", cert, "--tls-key", key)
	p.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[uint16]bool{
		tls.VersionTLS10: false,
		tls.VersionTLS11: false,
		tls.VersionTLS12: true,
		tls.VersionTLS13: true,
	} {
		c, err := tls.Dial("tcp", p.Listen, &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if err == nil {
			c.Close()
		}
		if (err == nil) != want {
			t.Errorf("TLS %x: %v", version, err)
		}
	}
	for _, suite := range tls.InsecureCipherSuites() {
		c, err := tls.Dial("tcp", p.Listen, &tls.Config{
			RootCAs:      pool,
			MaxVersion:   tls.VersionTLS12,
			CipherSuites: []uint16{suite.ID},
		})
		if err == nil {
			c.Close()
			t.Errorf("the suite %s is taken", suite.Name)
		}
	}
	resp, err := p.Client.Get(p.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("over TLS: %d, %v", resp.StatusCode, resp.Header)
	}
	for _, c := range resp.Cookies() {
		if !c.Secure || !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("the cookie %s is not secure", c.Name)
		}
	}
	h := targetOf(t, p)
	if a, ok := h.raw("GET /login HTTP/1.1\r\nHost: " + p.Listen + "\r\n\r\n"); ok && a.code == 200 {
		t.Error("a plain request is answered on the port that speaks TLS")
	}
}

// certificate makes a self-signed certificate for 127.0.0.1, in two files.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	if err := errorsOf(
		os.WriteFile(cert, text, 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return cert, key, pool
}
