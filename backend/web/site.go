package web

import (
	"net"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/text"
)

// A site is what follows from the public URL, which an Admin may change while the server
// runs.
type site struct {
	publicURL      string
	secure         bool // the public URL is https
	hosts, origins map[string]bool
	names          cookieNames
}

// newSite fails where the public URL cannot be read.
func newSite(publicURL, listen string) (*site, error) {
	public, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	s := &site{publicURL: publicURL, secure: public.Scheme == "https"}
	s.names = namesFor(public)
	s.hosts, s.origins = ours(public, listen)
	return s, nil
}

// ours are the hosts and origins that the server answers to: the public URL's,
// and, if that is on this machine, the machine's other names.
func ours(public *url.URL, listen string) (hosts, origins map[string]bool) {
	hosts, origins = map[string]bool{}, map[string]bool{}
	add := func(host string) {
		hosts[host], origins[public.Scheme+"://"+host] = true, true
	}
	host := strings.ToLower(public.Host)
	add(host)
	if port := public.Port(); port == "" {
		hosts[host+":"+map[string]string{"https": "443", "http": "80"}[public.Scheme]] = true
	}
	if text.IsLoopback(public.Hostname()) {
		port := public.Port()
		if _, p, err := net.SplitHostPort(listen); err == nil && port == "" {
			port = p
		}
		for _, name := range []string{"127.0.0.1", "localhost", "[::1]"} {
			add(strings.TrimSuffix(name+":"+port, ":"))
		}
	}
	return hosts, origins
}

// cookieNames are the names of our cookies. Over TLS they have the prefix by
// which browsers enforce that a cookie is for this host only, secure, and without
// a domain.
//
// Cookies belong to a host and all its ports (RFC 6265, 8.5), so a port in the
// public URL is part of the name: two servers on one machine do not sign each
// other's members out.
type cookieNames struct{ session, browser string }

func namesFor(public *url.URL) cookieNames {
	prefix, suffix := "", ""
	if public.Scheme == "https" {
		prefix = "__Host-"
	}
	if port := public.Port(); port != "" {
		suffix = "-" + port
	}
	return cookieNames{session: prefix + "dw" + suffix, browser: prefix + "dw-browser" + suffix}
}

// SharedCookie is the name of a cookie that scripts of the console read or write as well. As
// those of cookieNames it has the port, here the one by which the browser reached us: that is
// all that a script knows. It is the same over http and https.
func SharedCookie(c *fiber.Ctx, name string) string {
	_, port, err := net.SplitHostPort(string(c.Context().Host()))
	if err != nil || port == "443" || port == "80" { // browsers leave these out, some proxies do not
		return name
	}
	return name + "-" + port
}
