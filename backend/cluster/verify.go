package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// explain says in a sentence why a certificate is refused.
func explain(err error, now time.Time) error {
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var host x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return outOfTime(invalid.Cert, now)
	case errors.As(err, &host):
		return access.Errorf(access.Forbidden,
			"The certificate is for another machine. Check the address.").
			WithCode("certificate_of_another_machine").Because(err)
	case errors.As(err, &verification), errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, &invalid):
		return access.Errorf(access.Forbidden, "The certificate was not made by this cluster's authority.").
			WithCode("certificate_of_another_cluster").Because(err)
	}
	return err
}

func outOfTime(c *x509.Certificate, now time.Time) error {
	if now.Before(c.NotBefore) {
		return access.Errorf(access.Forbidden,
			"The certificate is not valid before %s, and the clock says %s. Check the clocks of both machines.",
			access.Moment(c.NotBefore), access.Moment(now)).WithCode("certificate_not_yet_valid")
	}
	return access.Errorf(access.Expired,
		"The certificate expired on %s, and the clock says %s. Check the clocks; if they are right, remove the "+
			"machine and let it join again.", access.Moment(c.NotAfter), access.Moment(now)).
		WithCode("certificate_expired")
}

// member returns the member whose certificate the other end of a connection has shown. The
// certificate was found to be the authority's before; whether its machine is a member is
// asked here.
func (m *Identity) member(s tls.ConnectionState, members []Member) (Member, error) {
	if len(s.PeerCertificates) == 0 {
		return Member{}, errors.New("there is no certificate")
	}
	cert := s.PeerCertificates[0]
	id, err := nodeOf(cert, m.node.Cluster)
	if err != nil {
		return Member{}, err
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.ID == id })
	if i < 0 || members[i].Key != keyOf(cert.PublicKey) {
		return Member{}, notAMember(id)
	}
	return members[i], nil
}

const codeNotAMember = "not_a_member"

func notAMember(id NodeID) error {
	return access.Errorf(access.Forbidden,
		"The machine %s is not a member of this cluster, or was removed from it. To add it again, let it join "+
			"with a new token.", id).WithCode(codeNotAMember)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// checkName refuses what cannot be the name of a machine, which people type in commands.
func checkName(name string) error {
	if len(name) > maxName || !nameForm.MatchString(name) {
		return access.Errorf(access.Invalid,
			"The name of a machine has letters, digits, dots, dashes and underscores, at most %d, and begins and ends "+
				"with a letter or digit.", maxName).On("name").WithCode("node_name_invalid")
	}
	return nil
}

// checkAddress refuses what the other machines could not connect to.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	n, bad := strconv.ParseUint(port, 10, 16)
	ip, notIP := netip.ParseAddr(host)
	if err != nil || bad != nil || n == 0 || port != strconv.FormatUint(n, 10) || len(address) > maxAddress ||
		!text.IsHost(host) || notIP == nil && (ip.IsUnspecified() || ip.IsMulticast()) {
		return access.Errorf(access.Invalid,
			"Give the address at which the other machines reach this one, such as %s or %s.",
			"192.0.2.7:8443", "door1.example.com:8443").On("address").WithCode("node_address_invalid")
	}
	return nil
}

// sameAddress reports whether two addresses are the same, however they are written. What
// names lead to is not looked up.
func sameAddress(a, b string) bool { return canonical(a) == canonical(b) }

func canonical(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return strings.ToLower(net.JoinHostPort(host, port))
}
