package address

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"doorward/backend/access"
	"doorward/backend/text"
)

// ParseURL reads a public URL, and returns it as browsers send it: scheme and host, in lower
// case and ASCII, without the default port. It refuses what is not https, except on this
// machine, and everything after the host.
func ParseURL(v string) (string, error) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme == "" || strings.ContainsAny(v, " \\"):
		return "", refuseURL("%q is not a valid URL. Enter one such as https://door.example.com.",
			access.Shorten(text.HidePassword(v), 60))
	case u.Scheme != "https" && u.Scheme != "http":
		return "", refuseURL("The public URL must begin with https://, not %s://.", access.Shorten(u.Scheme, 20))
	case u.User != nil:
		return "", refuseURL("The public URL cannot contain a username or password. Enter a URL such as " +
			"https://door.example.com.")
	case u.Hostname() == "":
		return "", refuseURL("The public URL has no host name. Enter a URL such as https://door.example.com.")
	case strings.Trim(u.Path, "/") != "":
		return "", refuseURL(
			"The public URL must end after the host: remove %s. Doorward needs a host name of its own.",
			access.Shorten(u.EscapedPath(), 40))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(v, "#"):
		return "", refuseURL("The public URL must end after the host: remove what follows. Enter a URL such as " +
			"https://door.example.com.")
	}
	host, err := publicHost(u)
	if err != nil {
		return "", err
	}
	if u.Scheme == "http" && !text.IsLoopback(u.Hostname()) {
		return "", refuseURL("The public URL must begin with https://. Over http://, anyone on the network could " +
			"read login links and sessions. Put a reverse proxy with a certificate in front, or set tls-cert and " +
			"tls-key.")
	}
	return u.Scheme + "://" + host, nil
}

func refuseURL(format string, args ...any) error {
	return access.Errorf(access.Invalid, format, args...).On("public_url").WithCode("public_url_invalid")
}

// publicHost is host and port as browsers send them: lower case, ASCII, and without the
// default port.
func publicHost(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	_, notIP := netip.ParseAddr(host)
	if notIP != nil && !text.IsLoopback(host) {
		a, err := Parse("doorward@" + host)
		if err != nil {
			return "", refuseURL("%q is not a full host name. Enter a URL such as https://door.example.com.",
				access.Shorten(host, 60))
		}
		host = a.Domain()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	switch n, err := strconv.ParseUint(port, 10, 16); {
	case port == "" && strings.HasSuffix(u.Host, ":"), port != "" && (err != nil || n == 0):
		return "", refuseURL("The port of the public URL must be a number from 1 to 65535.")
	case port == "", u.Scheme == "https" && n == 443, u.Scheme == "http" && n == 80:
		return host, nil
	}
	return host + ":" + port, nil
}
