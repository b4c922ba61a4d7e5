package window

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"doorward/backend/access"
)

// signInWithin is how long the browser may take: a letter has to come.
const signInWithin = 20 * time.Minute

// A signIn is one try to sign the window in elsewhere: the member agrees in the
// system's browser, which comes back to an address of this computer with a code
// that only the holder of the secret can use (RFC 8252, RFC 7636 with S256).
type signIn struct {
	to     *remote
	secret access.Secret // behind the code_challenge
	state  string
	local  net.Listener
	link   string // for the browser
	done   chan struct{}
	end    context.CancelFunc

	let struct {
		Secret, Email, Workspace string
	}
	err error // why it did not come to be; read after done
}

// newSignIn opens the address for the way back. Close it by end.
func newSignIn(ctx context.Context, to *remote) (*signIn, error) {
	local, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, access.Errorf(access.Unavailable, "This computer lets no program listen at 127.0.0.1, so the browser could not come back. Check its firewall.").WithCode("no_loopback").Because(err)
	}
	s := &signIn{to: to, secret: access.NewSecret(), state: access.NewSecret().Reveal(), local: local, done: make(chan struct{})}
	hash := s.secret.Hash()
	ask := url.Values{"code_challenge": {base64.RawURLEncoding.EncodeToString(hash[:])}, "code_challenge_method": {"S256"},
		"state": {s.state}, "port": {fmt.Sprint(local.Addr().(*net.TCPAddr).Port)}}
	s.link = to.at.String() + "/window?" + ask.Encode()
	ctx, s.end = context.WithTimeout(ctx, signInWithin)
	go s.serve(ctx)
	return s, nil
}

// serve waits for the browser until it came with a code of ours, or ctx ends.
func (s *signIn) serve(ctx context.Context) {
	came := make(chan error, 1)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.ours(r) {
			tell(w, http.StatusNotFound, "There is nothing here", "This page belongs to a sign-in that is over. Press Sign in again in the Doorward window.")
			return
		}
		err := s.redeem(r.Context(), r.URL.Query().Get("code"))
		if err != nil {
			tell(w, http.StatusBadGateway, "That did not work", access.Explain(err).Message)
		} else {
			tell(w, http.StatusOK, "You are signed in", "Go back to the Doorward window. You can close this page.")
		}
		select {
		case came <- err:
		default: // it came twice
		}
	})}
	go server.Serve(s.local)
	select {
	case s.err = <-came:
	case <-ctx.Done():
		s.err = access.Errorf(access.Expired, "The sign-in was not finished. Start it again when you are ready.").WithCode("sign_in_over")
	}
	stop, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(stop) // the answer is on its way; nothing else is served there
	s.end()
	close(s.done)
}

// ours reports whether a request carries the mark that only the browser we sent
// was given.
func (s *signIn) ours(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Host == s.local.Addr().String() &&
		subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(s.state)) == 1
}

// redeem exchanges the code for the secret of a session.
func (s *signIn) redeem(ctx context.Context, code string) error {
	body, err := json.Marshal(map[string]string{"code": code, "code_verifier": s.secret.Reveal()})
	if err != nil {
		return err
	}
	res, err := s.to.ask(ctx, http.MethodPost, "/api/v1/window", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	read := json.NewDecoder(io.LimitReader(res.Body, mostRead))
	if res.StatusCode == http.StatusCreated {
		if err := read.Decode(&s.let); err == nil && s.let.Secret != "" {
			return nil
		}
	}
	return access.Errorf(access.Expired, "%s did not take the sign-in. Start it again in the window.", s.to.at.Host).WithCode("window_dead")
}

var leaf = template.Must(template.New("leaf").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>{{.Title}} · Doorward</title>
<style>body{font:16px/1.55 system-ui,sans-serif;max-width:28em;margin:18vh auto 0;padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25}</style>
<main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></html>`))

// tell answers the browser with a page that runs and loads nothing.
func tell(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_ = leaf.Execute(w, struct{ Title, Text string }{title, text}) // the browser is gone if it cannot be written
}
