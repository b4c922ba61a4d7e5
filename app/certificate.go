package app

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/web/api"
)

// A certificate is the pair of files with the server's certificate and key. It is
// read again when a file has changed, so that renewing it needs no restart; a
// pair that cannot be used is logged, and the previous one stays in use.
type certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]fs.FileInfo // the files as they were when they were last read
	looked time.Time
}

// lookInterval is how often, at most, the files are checked.
const lookInterval = time.Second

// openCertificate reads the pair. One that cannot be used is refused with a
// sentence that names the setting at fault.
func openCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log, now: time.Now}
	var err error
	if c.seen, err = c.files(); err == nil {
		err = c.read()
	}
	if err != nil {
		return nil, c.refuse(err)
	}
	return c, nil
}

func (c *certificate) files() (seen [2]fs.FileInfo, err error) {
	for i, name := range []string{c.cert, c.key} {
		if seen[i], err = os.Stat(name); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.pair = &pair
	}
	return err
}

func (c *certificate) refuse(err error) error {
	field, name := "tls_cert", c.cert
	var path *fs.PathError
	if errors.As(err, &path) {
		if path.Path == c.key && c.key != c.cert {
			field, name = "tls_key", c.key
		}
		return access.Errorf(access.Invalid, "%s cannot be read: %v.", name, path.Err).
			On(field).WithCode("bad_certificate").Because(err)
	}
	return access.Errorf(access.Invalid, "The certificate in %s and the key in %s cannot be used together: %s.", c.cert,
		c.key, strings.TrimPrefix(err.Error(), "tls: ")).On(field).WithCode("bad_certificate").Because(err)
}

// get returns the current pair, for one handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookInterval {
		c.looked = now
		c.renew()
	}
	return c.pair, nil
}

func (c *certificate) renew() {
	now, err := c.files()
	if err != nil || same(now[0], c.seen[0]) && same(now[1], c.seen[1]) {
		return // a file that is being replaced will be there again in a moment
	}
	c.seen = now
	if err := c.read(); err != nil {
		c.log.Error("the new certificate cannot be used; the old one stays in use", "err",
			access.Explain(c.refuse(err)).Message)
		return
	}
	c.log.Info("the certificate was renewed", "until", c.pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
}

func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// certificateWarning is how long before its expiry the doctor warns of a
// certificate.
const certificateWarning = 14 * 24 * time.Hour

// certificate checks the certificate, if there is one, for the doctor.
func (o operations) certificate() []api.Check {
	if o.a.c.TLSCert == "" {
		return nil
	}
	c, err := openCertificate(o.a.c.TLSCert, o.a.c.TLSKey, o.a.log)
	if err != nil {
		return []api.Check{check("certificate", "fail", access.TextOf(err),
			reportf("Put a certificate and its key there. A running server loads it automatically."))}
	}
	const renew = "Renew it. A running server loads the new one automatically."
	leaf, host := c.pair.Leaf, hostOf(o.a.c.URL)
	until := access.Moment(leaf.NotAfter)
	switch now := time.Now(); {
	case now.Before(leaf.NotBefore):
		return []api.Check{check("certificate", "fail", reportf("Not valid until %s", access.Moment(leaf.NotBefore)),
			reportf("Check the server's clock, or get a certificate that is valid now."))}
	case now.After(leaf.NotAfter):
		return []api.Check{check("certificate", "fail", reportf("Expired %s", until), reportf(renew))}
	case leaf.VerifyHostname(host) != nil:
		return []api.Check{check("certificate", "fail", reportf("The certificate is not for %s.", host),
			reportf("Get one for the host of the public URL."))}
	case leaf.NotAfter.Sub(now) < certificateWarning:
		return []api.Check{check("certificate", "warn", reportf("Valid until %s", until), reportf(renew))}
	}
	return []api.Check{check("certificate", "ok", reportf("Valid until %s", until), access.Text{})}
}
