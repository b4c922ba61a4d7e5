package desktop

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// Place parses the address of a Doorward as somebody types it: its URL, without a
// path. It must be https, unless it is on this computer. A mistake is returned as
// a sentence.
func Place(typed string) (*url.URL, error) {
	typed = strings.TrimSpace(typed)
	address := typed
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if wrong := misplaced(typed, u, err); wrong != nil {
		return nil, wrong.On("at").WithCode("bad_place")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// misplaced says what is wrong with an address; nil where nothing is.
func misplaced(typed string, u *url.URL, err error) *access.Error {
	switch {
	case typed == "":
		return access.Errorf(access.Invalid, "Enter the address of the server, such as door.example.com.")
	case err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " %"):
		return access.Errorf(access.Invalid,
			"That is not an address. Enter it as in a browser, such as https://door.example.com.")
	case u.User != nil:
		return access.Errorf(access.Invalid, "Leave out the username and password. You sign in with your browser.")
	case u.Scheme == "http" && !text.IsLoopback(u.Hostname()):
		return access.Errorf(access.Invalid, "Use https. Over http, anyone on the network could act for you.")
	case u.Scheme != "https" && u.Scheme != "http":
		return access.Errorf(access.Invalid, "The address must begin with https.")
	}
	return nil
}

// A remote is the connection to a remote Doorward, as the member whose secret it
// has. It follows no redirect: every request goes to that one address.
type remote struct {
	at     *url.URL
	secret string
	via    http.RoundTripper
}

func (r *remote) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.Host = r.at.Scheme, r.at.Host, ""
	out.Header.Del(viaHeader)
	out.Header.Set("User-Agent", agent())
	if r.secret != "" {
		out.Header.Set("Authorization", "Bearer "+r.secret)
	}
	return r.via.RoundTrip(out)
}

// agent is how the window is named in the list of a member's sessions.
func agent() string {
	name, err := os.Hostname()
	if err != nil {
		name = "an unnamed computer"
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, name)
	return "Doorward-Desktop (" + access.Shorten(plain, 60) + ")"
}

// wire is the transport to remote servers. Every step has a timeout, except
// reading event streams.
func wire() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
	}
}

// maxRead is more than any answer that the window itself reads.
const maxRead = 64 << 10

// who asks a remote Doorward which member the window acts for. The error is
// SignedOut where it is not signed in, and a sentence where there is no Doorward.
func (r *remote) who(ctx context.Context) error {
	res, err := r.ask(ctx, http.MethodGet, "/api/v1/me", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var said struct{ Detail, Code, State string }
	if json.NewDecoder(io.LimitReader(res.Body, maxRead)).Decode(&said) != nil {
		said.State = ""
	}
	switch {
	case res.StatusCode == http.StatusOK && said.State != "":
		return nil
	case res.StatusCode == http.StatusUnauthorized && said.Code != "":
		return access.Errorf(access.SignedOut, "You are not signed in at %s.", r.at.Host).WithCode("sign_in_needed")
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return access.Errorf(access.Unavailable, "%s cannot answer right now. Try again in a moment.", r.at.Host).
			WithCode("unreachable")
	}
	return access.Errorf(access.Invalid, "There is no Doorward at %s. Check the address.", r.at.Host).
		On("at").WithCode("no_doorward")
}

// ask sends one of the window's own requests, with JSON where it has a body.
func (r *remote) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://doorward"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.RoundTrip(req)
	if err != nil {
		return nil, r.outOfReach(err)
	}
	return res, nil
}

// outOfReach explains why a server does not answer.
func (r *remote) outOfReach(err error) error {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	e := access.Errorf(access.Unavailable,
		"%s does not answer. Check the address, and whether this computer is online.", r.at.Host)
	switch {
	case errors.As(err, &certificate):
		e = access.Errorf(access.Unavailable,
			"This computer does not trust the certificate of %s. Ask the server operator.", r.at.Host)
	case errors.As(err, &name) && name.IsNotFound:
		e = access.Errorf(access.Unavailable, "There is no server called %s. Check the address.", r.at.Hostname())
	}
	return e.On("at").WithCode("unreachable").Because(err)
}

// leave ends the window's session at the server.
func (r *remote) leave(ctx context.Context) error {
	res, err := r.ask(ctx, http.MethodDelete, "/api/v1/desktop", nil)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
