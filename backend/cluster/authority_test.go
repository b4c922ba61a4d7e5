package cluster

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// A machine asks to be an authority itself, under other names, for ever: it gets what every
// machine gets.
func TestARequestGetsNothingElse(t *testing.T) {
	a := the(NewAuthority(noon))(t)
	key, id := newKey(t), access.NewID()
	ca := the(asn1.Marshal(struct{ IsCA bool }{true}))(t)
	usage := the(asn1.Marshal([]asn1.ObjectIdentifier{{2, 5, 29, 37, 0}}))(t)
	der := the(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:        pkix.Name{CommonName: id, Organization: []string{"system:masters"}},
		DNSNames:       []string{"example.com", a.Cluster().serverName()},
		EmailAddresses: []string{"eve@example.com"},
		IPAddresses:    []net.IP{net.IPv4(127, 0, 0, 1)},
		URIs:           []*url.URL{{Scheme: "spiffe", Host: "example.com"}},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: ca},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: usage},
		},
	}, key))(t)
	got := the(a.Issue(the(ParseRequest(der))(t), noon))(t)
	want := []string{id + "." + string(a.Cluster()) + ".doorward.internal", string(a.Cluster()) + ".doorward.internal"}
	if got.Subject.String() != "CN="+id || !slices.Equal(got.DNSNames, want) || got.EmailAddresses != nil ||
		got.IPAddresses != nil || got.URIs != nil {
		t.Errorf("its names are %v, %v, %v, %v, %v", got.Subject, got.DNSNames, got.EmailAddresses, got.IPAddresses,
			got.URIs)
	}
	if got.IsCA || got.KeyUsage != x509.KeyUsageDigitalSignature || got.UnknownExtKeyUsage != nil ||
		!slices.Equal(got.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
		t.Errorf("it may %v, %v, %v, %v", got.IsCA, got.KeyUsage, got.ExtKeyUsage, got.UnknownExtKeyUsage)
	}
	if !got.NotBefore.Equal(noon.Add(-24*time.Hour)) || !got.NotAfter.Equal(noon.Add(365*24*time.Hour)) {
		t.Errorf("it is valid from %v until %v", got.NotBefore, got.NotAfter)
	}
	if other := the(a.Issue(the(ParseRequest(der))(t), noon))(t); other.SerialNumber.Cmp(got.SerialNumber) == 0 {
		t.Error("two certificates have the same number")
	}
}

// A stranger sends what is no signing request, or one that is slow to check.
func TestRequestsThatAreNotTaken(t *testing.T) {
	id := access.NewID()
	request := func(name string, key any) []byte {
		return the(x509.CreateCertificateRequest(rand.Reader,
			&x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key))(t)
	}
	good := request(id, newKey(t))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	long := the(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: id},
		DNSNames: []string{strings.Repeat("a", maxCSR)}}, newKey(t)))(t)
	forged := slices.Clone(good)
	forged[len(forged)-1] ^= 1
	for name, tt := range map[string]struct {
		der  []byte
		good bool
	}{
		"a good one":             {good, true},
		"nothing":                {nil, false},
		"cut off":                {good[:len(good)-1], false},
		"with something behind":  {append(slices.Clone(good), 0), false},
		"signed by another key":  {forged, false},
		"too long":               {long, false},
		"another curve":          {request(id, the(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t)), false},
		"another kind of key":    {request(id, ed), false},
		"without a name":         {request("", newKey(t)), false},
		"a name one letter long": {request(id+"a", newKey(t)), false},
		"a name with a dot":      {request(id[:25]+".", newKey(t)), false},
		"the name of a host":     {request("example.com", newKey(t)), false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseRequest(tt.der)
			if tt.good {
				if err != nil || r.Node() != NodeID(id) || r.Key().IsZero() {
					t.Errorf("ParseRequest = %+v, %v", r, err)
				}
				return
			}
			wants(t, err, "join_malformed")
		})
	}
}

// The caller seals what Marshal returns, and puts it back years later. What is not all of it
// is refused.
func TestAnAuthorityIsKeptWhole(t *testing.T) {
	a, b := the(NewAuthority(noon))(t), the(NewAuthority(noon))(t)
	text := the(a.Marshal())(t)
	again := the(ParseAuthority(text))(t)
	if again.Cluster() != a.Cluster() || again.Fingerprint() != a.Fingerprint() || !again.key.Equal(a.key) {
		t.Error("it is another one")
	}
	if a.Cluster() == b.Cluster() || a.Fingerprint() == b.Fingerprint() {
		t.Error("two clusters have the same authority")
	}
	cert, key := encodeCertificate(a.cert), the(encodeKey(a.key))(t)
	foreign := the(encodeKey(b.key))(t)
	leaf := encodeCertificate(certify(t, a, a.key, NodeID(access.NewID()), nil))
	for name, text := range map[string][]byte{
		"nothing":                       nil,
		"no key":                        cert,
		"no certificate":                key,
		"the wrong way round":           slices.Concat(key, cert),
		"another's key":                 slices.Concat(cert, foreign),
		"the certificate of a machine":  slices.Concat(leaf, key),
		"something behind it":           append(slices.Clone(text), "x"...),
		"something before it":           append([]byte("x\n"), text...),
		"cut off in its last character": text[:len(text)-2],
	} {
		if got, err := ParseAuthority(text); err == nil {
			t.Errorf("%s is taken for the authority of %s", name, got.Cluster())
		}
	}
}

// The stolen key of one cluster's authority certifies nothing for another name, and the
// authority no longer than it is valid itself.
func TestAnAuthorityHasLimits(t *testing.T) {
	a := the(NewAuthority(noon))(t)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	stolen := certify(t, a, newKey(t), NodeID(access.NewID()), func(c *x509.Certificate) {
		c.DNSNames = []string{"door.example.com"}
	})
	if _, err := stolen.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: noon}); err == nil {
		t.Error("it certifies a host of the internet")
	}
	m := the(Create(t.TempDir(), a, "a", "192.0.2.1:8443", noon))(t)
	r := the(ParseRequest(the(m.Request())(t)))(t)
	end := noon.Add(authorityTTL)
	for _, tt := range []struct {
		name string
		at   time.Time
		ends time.Time
		want string
	}{
		{"before it begins", noon.Add(-backdate - 1), time.Time{}, "cluster_authority_expired"},
		{"when it begins", noon.Add(-backdate), noon.Add(certificateTTL - backdate), ""},
		{"a year before its end", end.Add(-certificateTTL), end, ""},
		{"less than a year before its end", end.Add(-certificateTTL + time.Hour), end, ""},
		{"in its last second", end.Add(-time.Second), end, ""},
		{"at its end", end, time.Time{}, "cluster_authority_expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cert, err := a.Issue(r, tt.at)
			wants(t, err, tt.want)
			if err == nil && !cert.NotAfter.Equal(tt.ends) {
				t.Errorf("the certificate ends %v, want %v", cert.NotAfter, tt.ends)
			}
		})
	}
}

// A member asks for the certificate of another, or for one with another key.
func TestAMachineRenewsItsOwn(t *testing.T) {
	a := the(NewAuthority(noon))(t)
	m := the(Create(t.TempDir(), a, "a", "192.0.2.1:8443", noon))(t)
	r := the(ParseRequest(the(m.Request())(t)))(t)
	me := m.Member("", noon)
	for name, tt := range map[string]struct {
		change func(*Member)
		want   string
	}{
		"its own":         {func(*Member) {}, ""},
		"another's":       {func(m *Member) { m.ID = NodeID(access.NewID()) }, "renewal_of_another"},
		"for another key": {func(m *Member) { m.Key = KeyHash{1} }, "renewal_of_another"},
	} {
		t.Run(name, func(t *testing.T) {
			peer := me
			tt.change(&peer)
			_, err := a.Renew(peer, r, noon)
			wants(t, err, tt.want)
		})
	}
}
