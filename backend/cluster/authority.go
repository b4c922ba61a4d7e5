package cluster

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"time"

	"doorward/backend/access"
)

// An Authority certifies the machines of one cluster. Its key is in memory only: the caller
// keeps what Marshal returns, sealed.
type Authority struct {
	cluster ID
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
}

// NewAuthority makes the authority of a new cluster.
func NewAuthority(now time.Time) (*Authority, error) { return newAuthority(ID(access.NewID()), now) }

func newAuthority(id ID, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: string(id)},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityTTL),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
		// were the key stolen, it would certify nothing but machines of this cluster
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{id.serverName()},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{cluster: id, cert: cert, key: key}, nil
}

// newSerial returns 127 random bits, which no certificate before had.
func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// Cluster returns the cluster that it certifies machines of.
func (a *Authority) Cluster() ID { return a.cluster }

// Certificate returns its certificate, which is no secret.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Fingerprint returns the fingerprint of its certificate.
func (a *Authority) Fingerprint() Fingerprint { return FingerprintOf(a.cert) }

// Issue certifies the machine that made the request. Of the request it takes the public key
// alone: names, usages and how long it is valid are decided here, whatever was asked for.
func (a *Authority) Issue(r Request, now time.Time) (*x509.Certificate, error) {
	if now.Before(a.cert.NotBefore) || !now.Before(a.cert.NotAfter) {
		return nil, access.Errorf(access.Unavailable,
			"The cluster's authority is valid from %s until %s, and the clock says %s. Correct the clock, or make "+
				"the cluster anew.", access.Moment(a.cert.NotBefore), access.Moment(a.cert.NotAfter),
			access.Moment(now)).WithCode("cluster_authority_expired")
	}
	end := now.Add(certificateTTL)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: string(r.node)},
		DNSNames:              []string{r.node.serverName(a.cluster), a.cluster.serverName()},
		NotBefore:             now.Add(-backdate),
		NotAfter:              end,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, r.key, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Renew is Issue for a machine that is a member and has connected as such: it gets a new
// certificate for the same key and no other.
func (a *Authority) Renew(m Member, r Request, now time.Time) (*x509.Certificate, error) {
	if r.node != m.ID || r.hash != m.Key {
		return nil, access.Errorf(access.Forbidden,
			"A machine can renew its own certificate only, for the key with which it joined.").
			WithCode("renewal_of_another")
	}
	return a.Issue(r, now)
}

// A Request is a certificate signing request that was found good: whoever made it has the
// private key.
type Request struct {
	node NodeID
	key  *ecdsa.PublicKey
	hash KeyHash
}

// Node returns the machine that the request is for.
func (r Request) Node() NodeID { return r.node }

// Key returns the hash of its public key.
func (r Request) Key() KeyHash { return r.hash }

// ParseRequest reads a signing request (DER). Only keys of the kind that this package makes
// are taken: a stranger could send one that takes long to check.
func ParseRequest(der []byte) (Request, error) {
	if len(der) > maxCSR {
		return Request{}, badRequest(errors.New("the signing request is too long"))
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return Request{}, badRequest(err)
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() || !access.IsID(csr.Subject.CommonName) {
		return Request{}, badRequest(errors.New("the signing request has another kind of key or name"))
	}
	if err := csr.CheckSignature(); err != nil {
		return Request{}, badRequest(err)
	}
	node := NodeID(strings.Clone(csr.Subject.CommonName))
	return Request{node: node, key: key, hash: keyOf(key)}, nil
}

// The types of the blocks in PEM files.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// Marshal returns all of the authority, its private key included. Whoever reads it can be any
// machine of the cluster: seal it.
func (a *Authority) Marshal() ([]byte, error) {
	key, err := encodeKey(a.key)
	return append(encodeCertificate(a.cert), key...), err
}

// ParseAuthority reads what Marshal returned.
func ParseAuthority(text []byte) (*Authority, error) {
	cert, rest, err := decodeCertificate(text)
	if err != nil {
		return nil, err
	}
	id, err := clusterOf(cert)
	if err != nil {
		return nil, err
	}
	key, rest, err := decodeKey(rest)
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, errors.New("something follows the authority's key")
	case !key.PublicKey.Equal(cert.PublicKey):
		return nil, errors.New("the authority's key is not that of its certificate")
	}
	return &Authority{cluster: id, cert: cert, key: key}, nil
}

// clusterOf returns the cluster that a certificate is the authority of.
func clusterOf(ca *x509.Certificate) (ID, error) {
	if !ca.IsCA || !access.IsID(ca.Subject.CommonName) {
		return "", errors.New("the certificate is not that of a cluster's authority")
	}
	if err := ca.CheckSignatureFrom(ca); err != nil {
		return "", err
	}
	return ID(ca.Subject.CommonName), nil
}

func encodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})
}

func decodeCertificate(text []byte) (c *x509.Certificate, rest []byte, err error) {
	der, rest, err := decodeBlock(text, certificateBlock)
	if err != nil {
		return nil, nil, err
	}
	c, err = x509.ParseCertificate(der)
	return c, rest, err
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), err
}

func decodeKey(text []byte) (key *ecdsa.PrivateKey, rest []byte, err error) {
	der, rest, err := decodeBlock(text, keyBlock)
	if err != nil {
		return nil, nil, err
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, nil, err
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, nil, errors.New("the private key is not one of the curve P-256")
	}
	return key, rest, nil
}

// decodeBlock reads the block at the beginning of the text.
func decodeBlock(text []byte, kind string) (der, rest []byte, err error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(block.Headers) > 0 || !bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		return nil, nil, errors.New("there is no PEM block of the type " + kind)
	}
	return block.Bytes, rest, nil
}
