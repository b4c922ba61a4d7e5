package desktop

import (
	"context"
	"errors"
	"net/http"
	"time"

	"doorward/backend/access"
)

// The requests of the window's own page about remote Doorwards.
func (s *Shell) mountElsewhere() {
	s.routes.HandleFunc("GET /desktop/workspaces", s.workspaces)
	s.routes.HandleFunc("POST /desktop/sign-in", s.startSignIn)
	s.routes.HandleFunc("POST /desktop/sign-in/wait", s.waitForSignIn)
	s.routes.HandleFunc("POST /desktop/sign-in/answer", s.answerSignIn)
	s.routes.HandleFunc("POST /desktop/sign-in/browse", s.browseAgain)
	s.routes.HandleFunc("POST /desktop/sign-in/stop", s.stopSignIn)
	s.routes.HandleFunc("POST /desktop/leave", s.leave)
	s.routes.HandleFunc("POST /desktop/forget", s.forget)
}

// reach returns the way to the Doorward at an address; empty: on this computer.
func (s *Shell) reach(ctx context.Context, at string) (Opened, error) {
	if at == "" {
		if o, ok := s.takeStayed(); ok {
			return o, nil
		}
		return s.Open(ctx)
	}
	r, err := s.remote(at)
	if err != nil {
		return Opened{}, err
	}
	if r.secret == "" {
		return Opened{}, access.Errorf(access.SignedOut, "You are not signed in at %s.", r.at.Host).
			WithCode("sign_in_needed")
	}
	name := s.Workspaces.Find(at).Name
	if name == "" {
		name = r.at.Host
	}
	return Opened{Name: name, At: at, Via: r, Close: func() error { return nil }}, nil
}

func (s *Shell) remote(at string) (*remote, error) {
	place, err := Place(at)
	if err != nil {
		return nil, err
	}
	return &remote{at: place, secret: s.Vault.Find(place.String()), via: s.wires}, nil
}

func (s *Shell) workspaces(w http.ResponseWriter, _ *http.Request) {
	all, last := s.Workspaces.List()
	if all == nil {
		all = []Workspace{}
	}
	answer(w, http.StatusOK, map[string]any{"items": all, "last": last})
}

// startSignIn opens the browser, where the member agrees.
func (s *Shell) startSignIn(w http.ResponseWriter, r *http.Request) {
	var in struct{ At string }
	if err := read(r, &in); err != nil {
		s.refuse(w, err)
		return
	}
	try, err := s.trySignIn(context.WithoutCancel(r.Context()), in.At)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.Browse(try.page())
	answer(w, http.StatusOK, map[string]any{"at": try.to.at.String(), "host": try.to.at.Host, "link": try.link})
}

// trySignIn starts a sign-in, which replaces the one before, once a Doorward has
// answered at the address.
func (s *Shell) trySignIn(ctx context.Context, at string) (*signIn, error) {
	place, err := Place(at)
	if err != nil {
		return nil, err
	}
	to := &remote{at: place, via: s.wires}
	if err := to.who(ctx); err != nil && !access.SignedOut.Is(err) {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trying != nil {
		s.trying.end()
	}
	s.trying, err = newSignIn(ctx, to, s.printer)
	return s.trying, err
}

func (s *Shell) current() (*signIn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trying == nil {
		return nil, errSignInOver()
	}
	return s.trying, nil
}

// waitForSignIn answers once somebody has agreed in the browser, with who that
// is, or the sign-in has ended. The window is not signed in yet.
func (s *Shell) waitForSignIn(w http.ResponseWriter, r *http.Request) {
	try, err := s.current()
	if err != nil {
		s.refuse(w, err)
		return
	}
	let, err := try.waits(r.Context())
	switch {
	case r.Context().Err() != nil:
	case err != nil:
		s.refuse(w, err)
	default:
		s.Front()
		answer(w, http.StatusOK, map[string]any{
			"host":      try.to.at.Host,
			"email":     let.Email,
			"called":    let.Name,
			"workspace": let.Workspace,
		})
	}
}

// answerSignIn passes on whether the person who agreed in the browser is the one
// at the window. Its answer to a yes says whether the window stays signed in
// after it is closed.
func (s *Shell) answerSignIn(w http.ResponseWriter, r *http.Request) {
	var in struct{ Yes bool }
	try, err := s.current()
	if err = errors.Join(err, read(r, &in)); err != nil {
		s.refuse(w, err)
		return
	}
	let, err := try.settle(in.Yes)
	switch {
	case err != nil:
		s.refuse(w, err)
	case let == nil:
		answer(w, http.StatusOK, map[string]any{})
	default:
		s.keep(w, try.to.at.String(), let)
	}
}

// keep stores the secret that signs the window in.
func (s *Shell) keep(w http.ResponseWriter, at string, let *signedIn) {
	lasting := s.Vault.Keep(at, let.Secret)
	if err := s.Workspaces.Put(Workspace{At: at, Name: let.Workspace, As: let.Email}); err != nil {
		s.refuse(w, notKept(err))
		return
	}
	answer(w, http.StatusOK, map[string]any{"at": at, "name": let.Workspace, "lasting": lasting})
}

func notKept(err error) error {
	return access.Errorf(access.Unavailable,
		"The list of workspaces was not saved. Check that you can write to your configuration folder.").
		WithCode("not_kept").Because(err)
}

func (s *Shell) browseAgain(w http.ResponseWriter, _ *http.Request) {
	try, err := s.current()
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.Browse(try.page())
	answer(w, http.StatusOK, map[string]any{})
}

func (s *Shell) stopSignIn(w http.ResponseWriter, _ *http.Request) {
	if try, err := s.current(); err == nil {
		try.end()
	}
	answer(w, http.StatusOK, map[string]any{})
}

// signOutTimeout is how long signing out at the server may take.
const signOutTimeout = 5 * time.Second

// leave signs the window out of the open Doorward, which is remote.
func (s *Shell) leave(w http.ResponseWriter, r *http.Request) {
	o, open := s.Opened()
	if !open || o.At == "" {
		s.refuse(w, access.Errorf(access.Invalid,
			"No one is signed in on this computer, so there is nothing to sign out of.").WithCode("not_elsewhere"))
		return
	}
	s.signOut(r.Context(), o.At)
	answer(w, http.StatusOK, map[string]any{"at": o.At})
}

// forget signs out of a workspace, and removes it from the list.
func (s *Shell) forget(w http.ResponseWriter, r *http.Request) {
	var in struct{ At string }
	if err := read(r, &in); err != nil {
		s.refuse(w, err)
		return
	}
	s.signOut(r.Context(), in.At)
	if err := s.Workspaces.Remove(in.At); err != nil {
		s.refuse(w, notKept(err))
		return
	}
	answer(w, http.StatusOK, map[string]any{})
}

// signOut deletes the window's secret for a place, and tells the server, if it
// can be reached: otherwise the session expires there.
func (s *Shell) signOut(ctx context.Context, at string) {
	ctx, cancel := context.WithTimeout(ctx, signOutTimeout)
	defer cancel()
	if r, err := s.remote(at); err == nil && r.secret != "" {
		_ = r.leave(ctx)
	}
	s.Vault.Forget(at)
	s.changing.Lock()
	defer s.changing.Unlock()
	if o, open := s.Opened(); open && o.At == at {
		_ = s.close() // closing a remote connection cannot fail
	}
}
