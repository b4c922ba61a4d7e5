package web

import (
	"net"
	"net/url"
	"strings"

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

// site returns what follows from the public URL in force.
func (s *Server) site() *site {
	now, in := s.Service.PublicURL(), s.siteKnown.Load()
	if in.publicURL == now {
		return in
	}
	if changed, err := newSite(now, s.listen); err == nil {
		s.siteKnown.Store(changed)
		return changed
	}
	return in
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
