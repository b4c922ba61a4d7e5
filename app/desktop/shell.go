package desktop

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"sync"

	"doorward/backend/access"
	"doorward/backend/messages"
)

//go:embed page
var page embed.FS

// Opened is a Doorward that the window is connected to.
type Opened struct {
	Name  string            // for people: its data directory, or, if remote, its workspace's name
	At    string            // its address; empty: it is on this computer
	As    string            // on this computer: the id of the Admin at the window; empty: unknown
	Via   http.RoundTripper // the connection to it
	Close func() error

	Serves bool // it runs in this program, and ends with it
}

// A Shell answers the requests of the window. It opens its Doorward when the
// start page asks, so that an error is shown in the window, and changes to
// another on request.
type Shell struct {
	Frontend   fs.FS // dist/, the built console; tokens.css and portal/portal.css, the styles of the start page
	Open       func(context.Context) (Opened, error)
	Settled    func(context.Context, Opened) // called once a Doorward is open; the context ends with it
	Alive      *Alive
	Workspaces *Workspaces
	Vault      *Vault
	Browse     func(link string) // opens a link in the system's browser
	Front      func()            // brings the window to the front
	Closing    Closing           // how closing the window is asked about

	changing sync.Mutex // one opening, change or sign-out at a time

	mu     sync.Mutex // never held while waiting for anything
	opened *Opened
	stayed *Opened            // runs in this program while another one is open
	settle context.CancelFunc // ends the context that Settled was given; under changing
	trying *signIn
	once   sync.Once
	routes *http.ServeMux
	wires  http.RoundTripper // connects to remote servers

	words    func() (*messages.Catalog, error)
	language access.Language // of the page; under mu
}

// ServeHTTP answers one request of the window's page.
func (s *Shell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.mount)
	s.routes.ServeHTTP(w, r)
}

func (s *Shell) mount() {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the name is valid: it is embedded above
	}
	console, err := fs.Sub(s.Frontend, "dist")
	if err != nil {
		panic(err) // likewise
	}
	s.wires = wire()
	s.words = sync.OnceValues(func() (*messages.Catalog, error) { return messages.Open(s.Frontend) })
	s.routes = http.NewServeMux()
	s.routes.HandleFunc("GET /{$}", s.startPage)
	s.routes.HandleFunc("GET /login", s.startPage) // the console goes there after a sign-out
	s.routes.HandleFunc("GET /desktop/portal.css", s.look)
	s.routes.Handle("GET /desktop/", http.StripPrefix("/desktop", http.FileServerFS(own)))
	s.routes.Handle("GET /desktop/alive", s.Alive)
	s.routes.HandleFunc("POST /desktop/open", s.open)
	s.routes.HandleFunc("POST /desktop/setup", s.setUp)
	s.routes.HandleFunc("POST /desktop/me", s.chooseMe)
	s.routes.HandleFunc("GET /desktop/closing", s.closing)
	s.routes.HandleFunc("POST /desktop/closing", s.closed)
	s.routes.HandleFunc("POST /desktop/closing/shown", s.closingShown)
	s.routes.HandleFunc("POST /desktop/closing/kept", s.setClosing)
	s.mountElsewhere()
	s.routes.Handle("GET /admin/assets/", http.StripPrefix("/admin", http.FileServerFS(console)))
	s.routes.Handle("GET /admin/", pageOf(console, "index.html"))
	s.routes.HandleFunc("/api/v1/", s.forward)
	s.routes.HandleFunc("GET /api/v1/outbox/{id}/page", s.emailPage)
}

// Opened returns the open Doorward, if there is one.
func (s *Shell) Opened() (Opened, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		return Opened{}, false
	}
	return *s.opened, true
}

// Close closes what was opened.
func (s *Shell) Close() error {
	if try, err := s.current(); err == nil {
		try.end()
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	err := s.close()
	if stayed, ok := s.takeStayed(); ok {
		err = errors.Join(err, stayed.Close())
	}
	return err
}

// close closes the open one.
func (s *Shell) close() error {
	o := s.let()
	if o == nil {
		return nil
	}
	return o.Close()
}

// change lets go of the open one for another. Where it runs in this program it stays:
// people come to it whatever the window shows.
func (s *Shell) change() error {
	o := s.let()
	if o == nil {
		return nil
	}
	if !o.Serves {
		return o.Close()
	}
	o.As = ""
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stayed = o
	return nil
}

func (s *Shell) let() *Opened {
	s.mu.Lock()
	o := s.opened
	s.opened = nil
	s.mu.Unlock()
	if o != nil {
		s.settle()
	}
	return o
}

// takeStayed returns the one that runs in this program although another one was open.
func (s *Shell) takeStayed() (o Opened, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stayed == nil {
		return o, false
	}
	o, s.stayed = *s.stayed, nil
	return o, true
}

// settleOn makes o the open one.
func (s *Shell) settleOn(ctx context.Context, o Opened) {
	s.mu.Lock()
	s.opened = &o
	s.mu.Unlock()
	ctx, s.settle = context.WithCancel(ctx)
	if s.Settled != nil {
		s.Settled(ctx, o)
	}
}

// open opens a Doorward, the last one where none is named, and reports whether it
// still needs its first Admin.
func (s *Shell) open(w http.ResponseWriter, r *http.Request) {
	var in struct{ At *string }
	if err := read(r, &in); err != nil {
		s.refuse(w, err)
		return
	}
	if in.At == nil {
		_, last := s.Workspaces.List()
		in.At = &last
	}
	o, fresh, err := s.opening(context.WithoutCancel(r.Context()), *in.At) // it outlives the page that asked
	if err != nil {
		s.refuse(w, err)
		return
	}
	ask, err := s.identify(r.Context(), o, fresh)
	if err != nil {
		s.refuse(w, err)
		return
	}
	out := map[string]any{"name": o.Name, "at": o.At, "fresh": fresh}
	if len(ask) > 0 {
		out["who"] = ask
	}
	answer(w, http.StatusOK, out)
}

// opening returns the Doorward at an address. If that is not open yet, it
// replaces the open one once it has answered. The open one is closed when it does
// not answer any more.
func (s *Shell) opening(ctx context.Context, at string) (o Opened, fresh bool, err error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	o, open := s.Opened()
	if open && o.At == at {
		if fresh, err = s.answers(ctx, o); err != nil {
			err = errors.Join(err, s.close())
		}
		return o, fresh, err
	}
	if o, err = s.reach(ctx, at); err != nil {
		return o, false, err
	}
	if fresh, err = s.answers(ctx, o); err != nil {
		return o, false, errors.Join(err, o.Close())
	}
	if err := s.change(); err != nil {
		return o, false, errors.Join(err, o.Close())
	}
	s.settleOn(ctx, o)
	_ = s.Workspaces.Use(at) // if that cannot be stored, the next start opens another one first
	return o, fresh, nil
}

// answers checks that o answers and, if it is remote, that the window is signed
// in, and reports whether it still needs its first Admin.
func (s *Shell) answers(ctx context.Context, o Opened) (fresh bool, err error) {
	r, elsewhere := o.Via.(*remote)
	if !elsewhere {
		return wantsAdmin(ctx, o)
	}
	if err = r.who(ctx); access.SignedOut.Is(err) {
		s.Vault.Forget(o.At)
	}
	return false, err
}

// setUp makes the first Admin as the operator does on the command line. A refusal is in the
// language of the page that asks, which itself does not say which one that is.
func (s *Shell) setUp(w http.ResponseWriter, r *http.Request) {
	if p := s.printer(); p != nil {
		r.Header.Set("Accept-Language", string(p.Language()))
	}
	s.pass(w, r, &url.URL{Path: "/local/v1/setup"}, inert)
}

// wantsAdmin reports whether nobody can sign in yet.
func wantsAdmin(ctx context.Context, o Opened) (bool, error) {
	var admins struct{ Total int }
	err := get(ctx, o, "/api/v1/members?role=Admin&limit=1", &admins)
	return admins.Total == 0, err
}

// get sends a request of the window's own to o. Any status but 200 is an error.
func (o Opened) get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://doorward"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(viaHeader, "window")
	res, err := o.Via.RoundTrip(req)
	if err != nil {
		return nil, unreachable(err)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return nil, errors.Join(access.SignedOutError(), res.Body.Close())
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(access.Errorf(access.Unavailable,
			"Doorward answered with an error (%d). Try again in a moment.", res.StatusCode).
			WithCode("unreachable"), res.Body.Close())
	}
	return res.Body, nil
}

func get(ctx context.Context, o Opened, path string, into any) error {
	body, err := o.get(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(into)
}

func unreachable(err error) *access.Error {
	return access.Errorf(access.Unavailable,
		"Doorward has stopped answering. Try again, or close the window and start Doorward again.").
		WithCode("unreachable").Because(err)
}

// read parses what one of our pages sends.
func read(r *http.Request, into any) error {
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRead)).Decode(into); err != nil {
		return notUnderstood(err)
	}
	return nil
}

func notUnderstood(err error) error {
	return access.Errorf(access.Invalid,
		"Something went wrong in this window. Close it, and start Doorward again.").
		WithCode("bad_body").Because(err)
}

// refuse answers with the part of err that may be shown.
func (s *Shell) refuse(w http.ResponseWriter, err error) {
	e := s.explain(err)
	status := http.StatusServiceUnavailable
	switch e.Kind {
	case access.Invalid:
		status = http.StatusUnprocessableEntity
	case access.SignedOut:
		status = http.StatusUnauthorized
	case access.Expired:
		status = http.StatusGone
	}
	said := map[string]any{"status": status, "title": http.StatusText(status), "detail": e.Message, "code": e.Code}
	if e.Field != "" {
		said["errors"] = []map[string]string{{"message": e.Message, "location": e.Field}}
	}
	answer(w, status, said)
}

// explain is the part of err that may be shown, in the language that Say speaks.
func (s *Shell) explain(err error) *access.Error {
	e := access.Explain(err)
	if p := s.printer(); p != nil {
		e.Message = p.Explain(e)
	}
	return e
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // if it cannot be written the page is gone
}
