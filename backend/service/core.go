package service

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// core is what the verbs share: the store, the gate, what emails need, and what
// wakes the worker that answers sign-in requests.
type core struct {
	store      *store.Store
	emails     *email.Templates
	publicURL  string // as given at the start, or the default
	mail       bool   // a mail server was given at the start
	setAtStart access.SetAtStart
	cachedURL  publicURLCache
	log        *slog.Logger
	gate       *gate.Gate
	asked      chan struct{} // somebody waits for a sign-in email
	asks       floodGate     // limits strangers
	trustClock sync.Mutex    // one confirmation of the clock at a time
}

// New returns a service on an open store. It fails where the policy cannot be
// loaded.
func New(ctx context.Context, o Options) (*Service, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, access.Errorf(access.Invalid,
			"The public URL %q is not valid. Enter one such as https://door.example.com.", o.PublicURL).On("url")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &core{
		store:      o.Store,
		emails:     o.Emails,
		publicURL:  strings.TrimSuffix(o.PublicURL, "/"),
		mail:       o.Mail,
		setAtStart: o.SetAtStart,
		log:        o.Logger,
		asked:      make(chan struct{}, 1),
	}
	if s.gate, err = gate.New(ctx, o.Store, o.Logger); err != nil {
		return nil, err
	}
	o.Store.OnCommit(s.committed)
	return newService(s, o.Cluster), nil
}

// committed wakes the worker that answers sign-in requests, and drops what is cached of the
// settings.
func (s *core) committed(all []store.Change) {
	for _, c := range all {
		switch c.Topic {
		case store.SignInRequested:
			wake(s.asked)
		case store.SettingsChanged, store.ChangesMissed:
			s.cachedURL.drop()
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
