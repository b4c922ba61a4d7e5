package web

import (
	"context"
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

// Classes are the face's routes and their classes.
func (f *Face) Classes() map[string]Class { return f.classes }

// Made reports which of the faces exist.
func (s *Server) Made() (operator, network bool) { return s.operator != nil, s.network != nil }

// Remount builds a face again, with one more mount before the others.
func (s *Server) Remount(local bool, first Mount) error {
	_, err := s.newFace(local, append([]Mount{first}, s.mounts...)...)
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

// LargeBodies is how many large bodies are held, and how many may be.
func (s *Server) LargeBodies() (held, most int) { return len(s.large), cap(s.large) }

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
