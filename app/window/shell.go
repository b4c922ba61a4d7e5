package window

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
)

//go:embed page
var page embed.FS

// Opened is a Doorward that the window speaks to.
type Opened struct {
	Name  string            // for people: where its data is
	Via   http.RoundTripper // the way to it
	Close func() error
}

// A Shell answers what the window asks for. It opens its Doorward when the
// starting page asks, so that what hinders it is said in the window.
type Shell struct {
	Frontend fs.FS // dist/, the built console; tokens.css and door/door.css, the look of the page it starts with
	Open     func(context.Context) (Opened, error)
	Settled  func(Opened) // called once it is open
	Alive    *Alive

	mu     sync.Mutex
	opened *Opened
	once   sync.Once
	routes *http.ServeMux
}

// ServeHTTP answers one request of the window's page.
func (s *Shell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.mount)
	s.routes.ServeHTTP(w, r)
}

func (s *Shell) mount() {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the name is a valid one: it stands above
	}
	console, err := fs.Sub(s.Frontend, "dist")
	if err != nil {
		panic(err) // so is this one
	}
	s.routes = http.NewServeMux()
	s.routes.Handle("GET /{$}", pageOf(own, "start.html"))
	s.routes.HandleFunc("GET /desktop/door.css", s.look)
	s.routes.Handle("GET /desktop/", http.StripPrefix("/desktop", http.FileServerFS(own)))
	s.routes.Handle("GET /desktop/alive", s.Alive)
	s.routes.HandleFunc("POST /desktop/open", s.open)
	s.routes.HandleFunc("POST /desktop/setup", s.setUp)
	s.routes.Handle("GET /admin/assets/", http.StripPrefix("/admin", http.FileServerFS(console)))
	s.routes.Handle("GET /admin/", pageOf(console, "index.html"))
	s.routes.HandleFunc("/api/v1/", s.forward)
	s.routes.HandleFunc("GET /api/v1/outbox/{id}/page", s.letter)
	s.routes.Handle("GET /login", http.RedirectHandler("/", http.StatusSeeOther))
}

// Opened is the Doorward that is open, if one is.
func (s *Shell) Opened() (Opened, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		return Opened{}, false
	}
	return *s.opened, true
}

// Close lets go of what was opened.
func (s *Shell) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		return nil
	}
	o := s.opened
	s.opened = nil
	return o.Close()
}

// open opens the Doorward, once, and says whether it wants its first Admin.
func (s *Shell) open(w http.ResponseWriter, r *http.Request) {
	o, err := s.opening(r.Context())
	if err != nil {
		refuse(w, err)
		return
	}
	fresh, err := wantsAdmin(r.Context(), o)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"name": o.Name, "fresh": fresh})
}

func (s *Shell) opening(ctx context.Context) (Opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil {
		return *s.opened, nil
	}
	o, err := s.Open(context.WithoutCancel(ctx)) // it outlives the page that asked
	if err != nil {
		return o, err
	}
	s.opened = &o
	if s.Settled != nil {
		s.Settled(o)
	}
	return o, nil
}

// setUp makes the first Admin as the operator does on the command line.
func (s *Shell) setUp(w http.ResponseWriter, r *http.Request) {
	s.pass(w, r, &url.URL{Path: "/local/v1/setup"}, inert)
}

// wantsAdmin reports whether nobody could sign in yet.
func wantsAdmin(ctx context.Context, o Opened) (bool, error) {
	var admins struct{ Total int }
	err := get(ctx, o, "/api/v1/members?role=Admin&limit=1", &admins)
	return admins.Total == 0, err
}

// get asks o in the window's own name. Any answer but 200 is an error.
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
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(access.Errorf(access.Unavailable, "Doorward answered %s.", res.Status).WithCode("unreachable"), res.Body.Close())
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
	return access.Errorf(access.Unavailable, "Doorward does not answer any more. Try again, or start the window anew.").WithCode("unreachable").Because(err)
}

// refuse answers with the part of err that may be shown.
func refuse(w http.ResponseWriter, err error) {
	e := access.Explain(err)
	answer(w, http.StatusServiceUnavailable, map[string]any{"status": http.StatusServiceUnavailable, "title": "Service Unavailable", "detail": e.Message, "code": e.Code})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the page is gone if it cannot be written
}
