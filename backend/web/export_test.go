package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"doorward/backend/access"
)

// What external tests read and set.

// UnusualSentence and LogInterval are those of the log.
const (
	UnusualSentence = unusualSentence
	LogInterval     = logInterval
)

// The limits of requests, and of what is compressed.
const (
	FormLimit    = formLimit
	MaxBody      = maxBody
	MaxBatchBody = maxBatchBody
	AddressLimit = addressLimit
	CompressFrom = compressFrom
)

// FenceTime is how long a machine tries to make sure that it leads.
const FenceTime = fenceTime

// Sure is Confirm of a server that is one of these machines.
func Sure(c Cluster) func(context.Context) error {
	return (&Server{cluster: c, Log: slog.New(slog.DiscardHandler)}).Confirm
}

// ForwardWithin sets for how long another try is made to forward a request.
func (s *Server) ForwardWithin(d time.Duration) { s.forwarder.within = d }

// ForgetConnections closes the unused connections to other machines.
func (s *Server) ForgetConnections() {
	s.forwarder.transport.(*turnstile).RoundTripper.(*http.Transport).CloseIdleConnections()
}

// The times of forwarding.
const (
	ForwardTries = forwardWithin
	ForwardPause = forwardPause
	ForwardGrace = forwardGrace
	AnswersLook  = answersLook
)

// Forwards sends a request of this method through a transport, as a server that is one of these
// machines does.
func Forwards(c Cluster, t http.RoundTripper, method string) (*http.Response, error) {
	w := newForwarder(c)
	w.transport = t
	return w.send(context.Background(), &parcel{method: method, target: "/"}, w.within)
}

// ForwardsMany is Forwards for many requests of one server, which change nothing. Without a
// transport they go over the server's own connections.
func ForwardsMany(c Cluster, t http.RoundTripper) func() (*http.Response, error) {
	w := newForwarder(c)
	if t != nil {
		w.transport = throughTurnstile(t)
	}
	return func() (*http.Response, error) {
		p := &parcel{method: http.MethodGet, target: "/", header: http.Header{}}
		return w.send(context.Background(), p, w.within)
	}
}

// The bounds of what is forwarded at a time.
const (
	MaxForwarded = maxForwarded
	MaxDials     = maxDials
)

// The headers between machines.
const (
	VisitorHeader   = visitorHeader
	OperatorHeader  = operatorHeader
	ElsewhereHeader = elsewhereHeader
	MemberHeader    = memberHeader
)

// ErrLeadsHere says that this machine has begun to lead.
var ErrLeadsHere = errLeadsHere

// Classes are the face's routes and their classes.
func (f *Face) Classes() map[string]Class { return f.classes }

// Made reports which of the faces exist.
func (s *Server) Made() (operator, network bool) {
	return s.faces[operatorFace] != nil, s.faces[networkFace] != nil
}

// Remount builds a face again, with one more mount before the others.
func (s *Server) Remount(local bool, first Mount) error {
	kind := networkFace
	if local {
		kind = operatorFace
	}
	_, err := s.newFace(kind, append([]Mount{first}, s.mounts...)...)
	return err
}

// TokenFor is the form token for a browser.
func (k *Cookies) TokenFor(secret access.Secret) string { return k.tokenFor(secret) }

// CookieNames are the names of the cookies at a public URL.
func CookieNames(public *url.URL) (session, browser string) {
	n := namesFor(public)
	return n.session, n.browser
}

// SetInFlight pretends that n requests are running.
func (s *Server) SetInFlight(n int64) { s.inFlight.Store(n) }

// InFlight is how many requests are running.
func (s *Server) InFlight() int64 { return s.inFlight.Load() }

// AtHand is for how many answers Drain waits.
func (s *Server) AtHand() int64 { return s.atHand.Load() }

// LargeBodies is how many large bodies are held, and how many may be.
func (s *Server) LargeBodies() (held, limit int) { return len(s.large), cap(s.large) }

// Note counts an event, as if a request had caused it.
func (s *Server) Note(kind access.Trace, from netip.Addr) { s.traces.note(kind, from) }

// BeatTraces logs what has waited for its minute.
func (s *Server) BeatTraces() { s.traces.beat(s.traces.now()) }

// KeepTraces passes what was noticed to the service.
func (s *Server) KeepTraces(ctx context.Context) { s.keepTraces(ctx) }

// SetTraceClock sets the clock of traces.
func (s *Server) SetTraceClock(now func() time.Time) { s.traces.now = now }

// TakeTraces returns what was noticed and not stored.
func (s *Server) TakeTraces() []access.TraceCount { return s.traces.take() }

// PutBackTraces counts again what TakeTraces returned.
func (s *Server) PutBackTraces(all []access.TraceCount) { s.traces.putBack(all) }
