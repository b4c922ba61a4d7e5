package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/private"
)

// An Identity is this machine as a member: its files, and the newest certificate.
type Identity struct {
	dir  string
	node node
	key  *ecdsa.PrivateKey
	ca   *x509.Certificate
	pool *x509.CertPool

	mu   sync.Mutex // held while the certificate is renewed
	cert atomic.Pointer[tls.Certificate]
}

// Create makes the identity of the first machine of a cluster in a directory that is new or
// empty.
func Create(dir string, a *Authority, name, address string, now time.Time) (*Identity, error) {
	d, err := newDraft(dir, a.Cluster(), name, address)
	if err != nil {
		return nil, err
	}
	if err := d.save(); err != nil {
		return nil, err
	}
	csr, err := d.request()
	if err != nil {
		return nil, err
	}
	r, err := ParseRequest(csr)
	if err != nil {
		return nil, err
	}
	cert, err := a.Issue(r, now)
	if err != nil {
		return nil, err
	}
	m, err := d.identity(a.Certificate(), cert)
	if err != nil {
		return nil, err
	}
	if err := m.Check(now); err != nil {
		return nil, err
	}
	return m, m.save()
}

// Open reads the identity in a directory. A certificate that has expired is no reason to
// refuse it: Check says so.
func Open(dir string) (*Identity, error) {
	if _, err := private.Dir(dir); err != nil {
		return nil, err
	}
	has, err := present(dir)
	if err != nil {
		return nil, err
	}
	if len(has) == 0 {
		return nil, access.Errorf(access.NoData, "%s is empty: this machine is not a member of a cluster.", dir).
			WithCode("cluster_not_a_member")
	}
	for _, name := range allFiles {
		if !slices.Contains(has, name) {
			return nil, access.Errorf(access.NoData,
				"%s is incomplete: it has no %s. If this machine was joining a cluster, run the same command again. "+
					"Otherwise put the file back from a copy.", dir, name).WithCode("cluster_files_incomplete")
		}
	}
	d, err := readDraft(dir)
	if err != nil {
		return nil, err
	}
	ca, err := readCertificate(dir, authorityFile)
	if err != nil {
		return nil, err
	}
	cert, err := readCertificate(dir, certificateFile)
	if err != nil {
		return nil, err
	}
	m, err := d.identity(ca, cert)
	if err != nil {
		return nil, access.Errorf(access.NoData,
			"The files in %s do not belong together: %v. Put them back from a copy, or give an empty directory and "+
				"join again.", dir, err).WithCode("cluster_files_foreign").Because(err)
	}
	return m, nil
}

// A draft is the identity of a machine that has no certificate yet.
type draft struct {
	dir  string
	node node
	key  *ecdsa.PrivateKey

	fresh bool // no earlier try has left it
	made  bool // save has made the directory
}

// newDraft makes a key and an id, or finds those of the same machine's earlier try: the
// cluster answers that one again. It writes nothing.
func newDraft(dir string, cluster ID, name, address string) (draft, error) {
	n := node{Cluster: cluster, Node: NodeID(access.NewID()), Name: name, Address: address}
	if err := n.check(); err != nil {
		return draft{}, err
	}
	has, err := present(dir)
	if err != nil {
		return draft{}, err
	}
	switch {
	case slices.Contains(has, certificateFile):
		return draft{}, access.Errorf(access.NoData,
			"This machine is a member of a cluster already: its certificate is in %s.", dir).
			WithCode("cluster_member_already")
	case slices.Contains(has, nodeFile):
		return resume(dir, n)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return draft{dir: dir, node: n, key: key, fresh: true}, err
}

// resume goes on with an earlier try, with the name and the address that are given now.
func resume(dir string, n node) (draft, error) {
	d, err := readDraft(dir)
	if err != nil {
		return draft{}, err
	}
	if d.node.Cluster != n.Cluster {
		return draft{}, access.Errorf(access.NoData,
			"%s has an unfinished try to join another cluster. Give an empty directory.", dir).
			WithCode("cluster_dir_not_empty")
	}
	n.Node = d.node.Node
	d.node = n
	return d, nil
}

// save writes the draft. The key comes first: without the id, it is nobody's.
func (d *draft) save() error {
	if _, err := os.Stat(d.dir); errors.Is(err, fs.ErrNotExist) {
		d.made = true
	}
	if _, err := private.Dir(d.dir); err != nil {
		return err
	}
	if d.fresh {
		text, err := encodeKey(d.key)
		if err != nil {
			return err
		}
		if err := write(d.dir, keyFile, text); err != nil {
			return err
		}
	}
	return d.node.write(d.dir)
}

// discard removes a draft that nobody has heard of. That of an earlier try stays, and so does
// a directory that was there before.
func (d *draft) discard() error {
	if !d.fresh {
		return nil
	}
	err := errors.Join(os.Remove(filepath.Join(d.dir, nodeFile)), os.Remove(filepath.Join(d.dir, keyFile)))
	if d.made {
		err = errors.Join(err, os.Remove(d.dir))
	}
	return err
}

func readDraft(dir string) (d draft, err error) {
	d.dir = dir
	if d.node, err = readNode(dir); err != nil {
		return draft{}, err
	}
	if d.key, err = readKey(dir); err != nil {
		return draft{}, err
	}
	return d, nil
}

// request returns a signing request for the machine's id and key.
func (d draft) request() ([]byte, error) {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: string(d.node.Node)}}
	return x509.CreateCertificateRequest(rand.Reader, template, d.key)
}

// identity puts the parts together, if they belong together.
func (d draft) identity(ca, cert *x509.Certificate) (*Identity, error) {
	id, err := clusterOf(ca)
	if err != nil {
		return nil, err
	}
	if id != d.node.Cluster {
		return nil, errors.New("the authority is that of another cluster")
	}
	m := &Identity{dir: d.dir, node: d.node, key: d.key, ca: ca, pool: x509.NewCertPool()}
	m.pool.AddCert(ca)
	if err := m.fits(cert); err != nil {
		return nil, err
	}
	m.use(cert)
	return m, nil
}

// save writes the certificates beside the draft: with them, the machine is a member.
func (m *Identity) save() error {
	if err := write(m.dir, authorityFile, encodeCertificate(m.ca)); err != nil {
		return err
	}
	return write(m.dir, certificateFile, encodeCertificate(m.Certificate()))
}

// fits refuses a certificate that is not this machine's, by this authority.
func (m *Identity) fits(cert *x509.Certificate) error {
	if !m.key.PublicKey.Equal(cert.PublicKey) {
		return errors.New("the certificate is for another key")
	}
	if id, err := nodeOf(cert, m.node.Cluster); err != nil || id != m.node.Node {
		return errors.New("the certificate is for another machine")
	}
	return m.valid(cert, cert.NotBefore.Add(cert.NotAfter.Sub(cert.NotBefore)/2))
}

// valid refuses a certificate that is not valid at that time for both ends of a connection.
func (m *Identity) valid(cert *x509.Certificate, at time.Time) error {
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		_, err := cert.Verify(x509.VerifyOptions{Roots: m.pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
		if err != nil {
			return explain(err, at)
		}
	}
	return nil
}

// use makes a certificate the one that connections begin with from now on.
func (m *Identity) use(cert *x509.Certificate) {
	m.cert.Store(&tls.Certificate{
		Certificate: [][]byte{cert.Raw, m.ca.Raw}, // who joins finds the authority's by its fingerprint
		PrivateKey:  m.key,
		Leaf:        cert,
	})
}

// nodeOf returns the machine that a certificate is for. Only names exactly as Issue writes
// them count.
func nodeOf(cert *x509.Certificate, cluster ID) (NodeID, error) {
	id := NodeID(cert.Subject.CommonName)
	names := []string{id.serverName(cluster), cluster.serverName()}
	if !access.IsID(string(id)) || !slices.Equal(cert.DNSNames, names) {
		return "", errors.New("the certificate is not for a machine of this cluster")
	}
	return id, nil
}

// Member returns this machine as it is to be listed when it has joined, or is the first.
func (m *Identity) Member(version string, joined time.Time) Member {
	return Member{ID: m.node.Node, Name: m.node.Name, Address: m.node.Address, Key: keyOf(m.key.Public()),
		Version: version, JoinedAt: joined, Role: Learner}
}

// Cluster returns the cluster that the machine is a member of.
func (m *Identity) Cluster() ID { return m.node.Cluster }

// Node returns the machine's id.
func (m *Identity) Node() NodeID { return m.node.Node }

// Authority returns the certificate of the cluster's authority.
func (m *Identity) Authority() *x509.Certificate { return m.ca }

// Certificate returns the newest certificate.
func (m *Identity) Certificate() *x509.Certificate { return m.cert.Load().Leaf }

// Check says why the others refuse this machine's certificate at that time; nil if they do
// not.
func (m *Identity) Check(now time.Time) error { return m.valid(m.Certificate(), now) }

// RenewalDue reports whether it is time for a new certificate.
func (m *Identity) RenewalDue(now time.Time) bool {
	return !now.Before(m.Certificate().NotAfter.Add(-RenewBefore))
}

// Request returns the signing request with which Authority.Renew makes the next certificate.
func (m *Identity) Request() ([]byte, error) { return draft{node: m.node, key: m.key}.request() }

// Renew keeps the next certificate and begins to use it. Connections that are open stay.
func (m *Identity) Renew(cert *x509.Certificate, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fits(cert); err != nil {
		return err
	}
	if err := m.valid(cert, now); err != nil {
		return err
	}
	if cert.NotAfter.Before(m.Certificate().NotAfter) {
		return errors.New("the certificate expires before the one that is in use")
	}
	if err := write(m.dir, certificateFile, encodeCertificate(cert)); err != nil {
		return err
	}
	m.use(cert)
	return nil
}
