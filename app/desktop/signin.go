package desktop

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// signInTTL is how long the sign-in in the browser may take: an email has to
// arrive.
const signInTTL = 20 * time.Minute

// maxCodes is how many codes one sign-in tries. A bad code does not end it:
// otherwise any program that can reach this address could end every sign-in.
const maxCodes = 10

// A signIn is one attempt to sign the window in at a remote Doorward: the member
// agrees in the system's browser, which returns to an address of this computer
// with a code that only the holder of the secret can use (RFC 8252, RFC 7636 with
// S256).
//
// Every program of this computer can reach the address, so what arrives is not
// trusted. Connections of other users are dropped where the system tells whose
// they are, and the window shows whose account the code belongs to and acts for
// them only after a yes. A code of another account gives its sender nothing, but
// whatever is done in the window would be done in that account.
type signIn struct {
	to     *remote
	secret access.Secret // behind the code_challenge
	state  string
	local  net.Listener
	link   string // where the member agrees
	done   chan struct{}
	until  context.Context // ends with the sign-in
	end    context.CancelFunc
	words  func() *messages.Printer // of the window: what the browser is told is in its language

	mu    sync.Mutex
	pages map[string]bool // of this address; each leads a browser to link once
	codes int             // how many were tried
	let   *signedIn       // who agreed, and waits for an answer in the window; nil: nobody
	asked chan struct{}   // closed once let is set
	over  chan struct{}   // closed once err is set
	err   error           // why it failed; read after done
}

// A signedIn is what a code was exchanged for.
type signedIn struct {
	Secret, Email, Name, Workspace string
}

// newSignIn listens for the way back. end closes it.
func newSignIn(ctx context.Context, to *remote, words func() *messages.Printer) (*signIn, error) {
	local, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, access.Errorf(access.Unavailable,
			"No program can listen at 127.0.0.1 on this computer, so the browser could not lead back here. "+
				"Check its firewall.").WithCode("no_loopback").Because(err)
	}
	s := &signIn{
		to:     to,
		secret: access.NewSecret(),
		state:  access.NewSecret().Reveal(),
		local:  local,
		pages:  map[string]bool{},
		done:   make(chan struct{}),
		asked:  make(chan struct{}),
		over:   make(chan struct{}),
		words:  words,
	}
	hash := s.secret.Hash()
	ask := url.Values{
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(hash[:])},
		"code_challenge_method": {"S256"},
		"state":                 {s.state},
		"port":                  {fmt.Sprint(local.Addr().(*net.TCPAddr).Port)},
	}
	s.link = to.at.String() + "/desktop?" + ask.Encode()
	s.until, s.end = context.WithTimeout(ctx, signInTTL)
	go s.serve(s.until)
	return s, nil
}

// page returns an address on this computer that leads a browser to link, once.
// The browser is started with it, because every user of the computer can read a
// program's arguments, and link holds the state of this sign-in.
func (s *signIn) page() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := access.NewSecret().Reveal()
	s.pages[name] = true
	return "http://" + s.local.Addr().String() + "/go/" + name
}

// serve answers the browser until somebody was accepted in the window, the codes
// are used up, or ctx ends.
func (s *signIn) serve(ctx context.Context) {
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    16 << 10,
		Handler:           http.HandlerFunc(s.answer),
	}
	go server.Serve(ours{s.local})
	select {
	case <-s.over:
	case <-ctx.Done():
		s.fail(access.Errorf(
			access.Expired,
			"The sign-in was not finished. Start it again when you are ready.",
		).WithCode("sign_in_over"))
	}
	stop, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(stop) // the answer was sent; nothing else is served there
	s.end()
	close(s.done)
}

// ours accepts only connections of this computer's user.
type ours struct{ net.Listener }

func (l ours) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || sameUser(c) {
			return c, err
		}
		_ = c.Close() // of another user, who gets no answer
	}
}

// answer answers the browser.
func (s *signIn) answer(w http.ResponseWriter, r *http.Request) {
	switch name, leads := strings.CutPrefix(r.URL.Path, "/go/"); {
	case r.Method == http.MethodGet && r.Host == s.local.Addr().String() && leads && s.leads(name):
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, s.link, http.StatusSeeOther)
	case s.ours(r):
		s.take(w, r)
	default:
		s.tell(w, http.StatusNotFound, "nothing", nil)
	}
}

// leads reports whether a page is one of ours that nobody has opened yet.
func (s *signIn) leads(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.pages[name]
	delete(s.pages, name)
	return fresh
}

// ours reports whether a request carries the state that only the browser we sent
// was given.
func (s *signIn) ours(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Host == s.local.Addr().String() &&
		subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(s.state)) == 1
}

// take exchanges a code, and makes the window ask whether it is the right person.
func (s *signIn) take(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.let != nil {
		s.tell(w, http.StatusConflict, "asking", s.let)
		return
	}
	if s.codes++; s.codes > maxCodes {
		s.tell(w, http.StatusNotFound, "over", nil)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.until, cancel)()
	let, err := s.redeem(ctx, r.URL.Query().Get("code"))
	if err != nil {
		s.tellWhy(w, http.StatusBadGateway, err)
		if s.codes == maxCodes {
			s.finish(access.Errorf(
				access.Expired,
				"%s refused %d codes. Another program on this computer may be sending them. Start the sign-in again.",
				s.to.at.Host,
				maxCodes,
			).WithCode("sign_in_disturbed"))
		}
		return
	}
	s.let = let
	close(s.asked)
	s.tell(w, http.StatusOK, "agreed", let)
}

// redeem exchanges the code for the secret of a session.
func (s *signIn) redeem(ctx context.Context, code string) (*signedIn, error) {
	body, err := json.Marshal(map[string]string{"code": code, "code_verifier": s.secret.Reveal()})
	if err != nil {
		return nil, err
	}
	res, err := s.to.ask(ctx, http.MethodPost, "/api/v1/desktop", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	read, let := json.NewDecoder(io.LimitReader(res.Body, maxRead)), &signedIn{}
	if res.StatusCode == http.StatusCreated {
		if err := read.Decode(let); err == nil && let.Secret != "" {
			return let, nil
		}
	}
	return nil, access.Errorf(
		access.Expired,
		"%s did not accept the sign-in. The window is still waiting: go back a page, and authorize it again.",
		s.to.at.Host,
	).WithCode("desktop_sign_in_expired")
}

// waits returns once somebody waits for an answer, or the sign-in is over.
func (s *signIn) waits(ctx context.Context) (*signedIn, error) {
	s.mu.Lock()
	asked := s.asked
	s.mu.Unlock()
	select {
	case <-asked:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.let != nil {
			return s.let, nil
		}
		return nil, errSignInOver()
	case <-s.done:
		return nil, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func errSignInOver() error {
	return access.Errorf(access.Expired, "No sign-in is under way. Start one.").WithCode("sign_in_over")
}

// settle is the window's answer: yes accepts whoever waits, no signs them out
// again, and another code may be tried.
func (s *signIn) settle(yes bool) (*signedIn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	let := s.let
	if let == nil {
		return nil, errSignInOver()
	}
	s.let = nil
	if yes {
		s.finish(nil)
		return let, nil
	}
	s.asked = make(chan struct{})
	go s.letGo(let)
	if s.codes >= maxCodes {
		s.finish(access.Errorf(
			access.Expired,
			"You answered no too often. Start the sign-in again when you are ready.",
		).WithCode("sign_in_over"))
	}
	return nil, nil
}

// letGo ends a session that the window does not accept.
func (s *signIn) letGo(let *signedIn) {
	ctx, cancel := context.WithTimeout(context.Background(), signOutTimeout)
	defer cancel()
	_ = (&remote{at: s.to.at, secret: let.Secret, via: s.to.via}).leave(ctx) // otherwise it expires there
}

// fail ends the sign-in; whoever still waits for an answer is not accepted.
func (s *signIn) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if let := s.let; let != nil {
		s.let = nil
		go s.letGo(let)
	}
	s.finish(err)
}

// finish sets the result, once. The caller holds mu.
func (s *signIn) finish(err error) {
	select {
	case <-s.over:
	default:
		s.err = err
		close(s.over)
	}
}
