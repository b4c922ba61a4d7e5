// Package app puts the parts together: the store, the service, the mail worker
// and the web server of one Doorward, opened in that order and closed in reverse.
// It owns the listeners and the operator's operations on the whole: backup,
// restore, verification, diagnosis.
//
// Nothing here decides who may do what. The command line (package cli) uses the
// same handlers as everybody else, as the operator: over the socket in the data
// directory while a server runs, in memory otherwise.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"doorward/app/config"
	"doorward/backend/email"
	"doorward/backend/jobs"
	"doorward/backend/mail"
	"doorward/backend/mail/smtp"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/web"
)

// An App is one Doorward.
type App struct {
	c        config.Config
	log      *slog.Logger
	store    *store.Store
	service  *service.Service
	jobs     *jobs.Jobs
	mail     *mail.Worker
	messages *messages.Catalog
	emails   *email.Templates
	server   smtp.Server // as given at the start; zero: none was
	web      *web.Server
	listener net.Listener // bound early where the system chooses the port
	memory   *memoryListener

	certificate *certificate // nil: plain HTTP
	onSetupLink func(link string)
	machine     Machine // nil: the server is alone
	local       sync.Once
	running     sync.WaitGroup
}

// SocketName is the operator's socket in the data directory.
const SocketName = "doorward.sock"

// Open builds everything on the data directory and starts nothing. A mistake in
// the configuration or the directory is returned as a sentence. A cluster's directory
// is refused.
func Open(ctx context.Context, c config.Config) (*App, error) { return OpenMachine(ctx, c, nil) }

// OpenMachine is Open, also for a directory that belongs to a cluster. On a machine that
// does not lead everything is built on its own copy, and serves once it leads.
func OpenMachine(ctx context.Context, c config.Config, open MachineOpener) (a *App, err error) {
	a = &App{c: c, log: newLogger(c)}
	for _, note := range c.Notes {
		a.log.Warn(note)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			a = nil
		}
	}()
	if c.SMTPURL != "" {
		if a.server, err = smtp.ParseServer(c.SMTPURL); err != nil {
			return a, err
		}
	}
	if err = a.bindEarly(); err != nil {
		return a, err
	}
	if err = a.openStore(open); err != nil {
		return a, err
	}
	ctx = store.Here(ctx)
	if a.messages, err = messages.Open(c.Frontend); err != nil {
		return a, err
	}
	if a.emails, err = email.New(c.Frontend, a.messages); err != nil {
		return a, err
	}
	o := service.Options{
		Store:      a.store,
		Emails:     a.emails,
		PublicURL:  a.c.URL,
		Mail:       !a.server.IsZero(),
		Logger:     a.log,
		SetAtStart: setAtStart(c),
	}
	if a.machine != nil {
		o.Cluster = a.machine
	}
	if a.service, err = service.New(ctx, o); err != nil {
		return a, err
	}
	a.jobs = jobs.New(a.store, a.service, a.log)
	a.mail = mail.New(a.store, mail.Options{
		Route:     a.mailRoute,
		Emails:    a.emails,
		PerMinute: c.MailPerMinute,
		Leads:     true,
		Beat:      service.NextBeat,
		Logger:    a.log,
	})
	return a, a.openWeb()
}

// openStore opens the store: on one machine, or as this machine's copy of the one that
// several keep.
func (a *App) openStore(open MachineOpener) (err error) {
	if err := a.openMachine(open); err != nil {
		return err
	}
	o := store.Options{Engine: badger.Engine, Dir: a.c.Data, Logger: a.log, MinFree: a.c.MinFree,
		Now: a.c.Now}
	if a.machine != nil {
		o.Engine, o.Machine = a.machine.Engine, a.machine.Name()
	}
	if a.store, err = store.Open(o); err != nil && a.machine != nil {
		return ofACopy(a.c.Data, err)
	}
	if err != nil {
		return err
	}
	if a.machine == nil {
		return a.refuseMachine()
	}
	return a.machine.Attach(a.store)
}

// A ServeInfo describes a server that has just started, for whoever started it.
type ServeInfo struct {
	URL        string // its public URL
	Listen     string // host and port
	SetupLink  string // one-time link for the first Admin; empty once there has been one
	SetupAway  bool   // there has been none, and a machine of the cluster has printed the link or is going to
	MailServer string // empty: emails are held
	Socket     string // the operator's
}

// Serve answers on the configured address and the operator's socket, sends emails
// and does scheduled work, until ctx ends; then it stops gracefully. ready is
// called once it answers.
func (a *App) Serve(ctx context.Context, ready func(ServeInfo)) error {
	if a.c.TLSCert != "" {
		var err error
		if a.certificate, err = openCertificate(a.c.TLSCert, a.c.TLSKey, a.log); err != nil {
			return err
		}
	}
	if a.listener == nil {
		l, err := net.Listen("tcp", a.c.Listen)
		if err != nil {
			return a.cannotListen(err)
		}
		a.listener = l
	}
	socket, err := a.bindSocket()
	if err != nil {
		return err
	}
	link, away, err := a.openSetup(ctx)
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	failed := make(chan error, 3)
	var unfit <-chan error
	if a.machine != nil {
		unfit = a.machine.Unfit()
		a.running.Go(func() { failed <- a.web.ServeForwarded(a.machine.Forwarded()) })
	}
	a.running.Go(func() { failed <- a.web.Serve(socket, true) })
	a.running.Go(func() {
		if a.certificate != nil {
			failed <- a.web.ServeTLS(a.listener, &tls.Config{GetCertificate: a.certificate.get})
			return
		}
		failed <- a.web.Serve(a.listener, false)
	})
	worked := make(chan struct{})
	a.running.Go(func() { a.RunWorkers(ctx); close(worked) })
	info := ServeInfo{
		URL:       a.service.PublicURL(),
		Listen:    a.c.Listen,
		SetupLink: link,
		SetupAway: away,
		Socket:    filepath.Join(a.c.Data, SocketName),
	}
	if route, err := a.mailNow(store.Here(ctx)); err == nil && !route.Server.IsZero() {
		info.MailServer = route.Server.Name()
	}
	ready(info)
	if a.machine != nil {
		a.running.Go(func() { a.store.WhileLeading(ctx, a.offerSetup) })
	}
	a.sayBounds()
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-unfit:
	}
	stop()
	a.handOver(worked)
	return errors.Join(err, a.web.Close())
}

// handOverWithin is how long a server that stops tries to let another machine lead first.
const handOverWithin = 3 * time.Second

// handOver lets another machine lead, once what the workers have in hand is done.
func (a *App) handOver(worked <-chan struct{}) {
	if a.machine == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), handOverWithin)
	defer cancel()
	select {
	case <-worked:
	case <-time.After(handOverWithin / 3):
	}
	a.machine.HandOver(ctx)
}

// Close stops everything and releases the data directory. It may be called on an
// App whose Open failed half-way.
func (a *App) Close() error {
	var errs []error
	if a.web != nil {
		errs = append(errs, a.web.Close())
	}
	if a.memory != nil {
		errs = append(errs, a.memory.Close())
	}
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	a.running.Wait()
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.machine != nil {
		errs = append(errs, a.machine.Close())
	}
	return errors.Join(errs...)
}

// RestoreInfo says what was restored.
type RestoreInfo struct {
	Members, Messages, AuditEntries int
	Tokens                          int // API tokens that are void now
}

// Restore makes a new data directory from a backup and verifies it. On any error
// nothing is left of the directory.
func Restore(ctx context.Context, file io.Reader, dir string) (RestoreInfo, error) {
	r, err := store.Restore(ctx, file, store.Options{Engine: badger.Engine, Dir: dir})
	return RestoreInfo{Members: r.Members, Messages: r.Messages, AuditEntries: r.AuditEntries, Tokens: r.Tokens}, err
}

func newLogger(c config.Config) *slog.Logger {
	out := c.Log
	if out == nil {
		out = os.Stderr
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, o))
	}
	return slog.New(slog.NewTextHandler(out, o))
}
