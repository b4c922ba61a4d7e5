package web

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// Somebody on the network path makes both ends agree on the weakest suite that
// they share. No suite in CBC mode, or without forward secrecy, is offered; nor
// is a version before TLS 1.2.
func TestOnlyStrongSuites(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{selfSigned(t, ec), selfSigned(t, rsaKey)}}
	harden(server)
	agree := func(client *tls.Config) error {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		go tls.Server(there, server).Handshake()
		client.InsecureSkipVerify = true // only the suite matters
		return tls.Client(here, client).Handshake()
	}
	taken := 0
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if s.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		strong := strings.HasPrefix(s.Name, "TLS_ECDHE_") &&
			(strings.Contains(s.Name, "_GCM_") || strings.Contains(s.Name, "_POLY1305_"))
		err := agree(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{s.ID}})
		if strong != (err == nil) {
			t.Errorf("%s: %v", s.Name, err)
		}
		if err == nil {
			taken++
		}
	}
	if taken != 6 {
		t.Errorf("%d suites of TLS 1.2 are taken, want 6", taken)
	}
	for version, good := range map[uint16]bool{
		tls.VersionTLS10: false,
		tls.VersionTLS11: false,
		tls.VersionTLS12: true,
		tls.VersionTLS13: true,
	} {
		if err := agree(&tls.Config{MinVersion: version, MaxVersion: version}); good != (err == nil) {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func selfSigned(t *testing.T, key crypto.Signer) tls.Certificate {
	t.Helper()
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"door.example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
