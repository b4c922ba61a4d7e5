package service

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A site is the settings in force: what was given when Doorward started, and for the rest
// what an Admin set.
type site struct {
	access.Settings
	publicURL string // base of all links
	host      string // of the public URL
	mail      bool   // emails can be sent; without a mail server they are held
}

// site returns the settings in force, in this transaction.
func (s *core) site(tx *store.Tx) (site, error) {
	set, err := tx.Settings()
	if err != nil {
		return site{}, err
	}
	in := site{Settings: set, publicURL: s.urlOf(set), mail: s.mail || set.Mail.Usable()}
	if u, err := url.Parse(in.publicURL); err == nil {
		in.host = u.Hostname()
	}
	return in, nil
}

func (s *core) urlOf(set access.Settings) string {
	if s.setAtStart.PublicURL != "" || set.PublicURL == "" {
		return s.publicURL
	}
	return set.PublicURL
}

// link returns the URL with a login link's secret.
func (s site) link(secret access.Secret) string { return s.publicURL + "/login/" + secret.Reveal() }

// link is site.link for verbs that need nothing else of it.
func (s *core) link(tx *store.Tx, secret access.Secret) (string, error) {
	in, err := s.site(tx)
	return in.link(secret), err
}

// A publicURLCache is the public URL in force, which every request needs.
type publicURLCache struct {
	known atomic.Pointer[string]
	mu    sync.Mutex
	drops int
}

// drop makes the next reader read the store.
func (c *publicURLCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	c.known.Store(nil)
}

func (c *publicURLCache) began() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}

// keep stores what was read, unless it was dropped since.
func (c *publicURLCache) keep(read string, began int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == began {
		c.known.Store(&read)
	}
}

// PublicURL returns the base of all links, without a slash at the end. While the store
// cannot be read, it is the one that Doorward was started with.
func (s *Service) PublicURL() string {
	if known := s.cachedURL.known.Load(); known != nil {
		return *known
	}
	began, read := s.cachedURL.began(), ""
	err := s.store.View(context.Background(), func(tx *store.Tx) error {
		set, err := tx.Settings()
		read = s.urlOf(set)
		return err
	})
	if err != nil {
		return s.publicURL
	}
	s.cachedURL.keep(read, began)
	return read
}
