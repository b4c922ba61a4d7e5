package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"doorward/backend/access"
)

// A machine that does not lead forwards requests to the one that leads, which answers them as
// if the visitor had come to it. What it must know of the visitor it is told in headers that
// no visitor can send: it reads them on connections from the cluster's machines alone
// (ServeForwarded), and what a visitor sends under these names goes no further.
//
// A request is forwarded once at most: what arrives forwarded is answered there, or refused.
const (
	visitorHeader   = "Doorward-Visitor"    // the address that the request comes from
	operatorHeader  = "Doorward-Operator"   // it comes from the operator, over the socket of this machine
	elsewhereHeader = "Doorward-Elsewhere"  // of an answer: nothing was done, this machine does not lead
	memberHeader    = "Doorward-Member"     // of an answer: the visitor is a member
	forwardedPath   = "/api/forwarded/body" // may the caller send a large body to the path after it?
)

// ownHeaders is what the names of headers between machines begin with.
const ownHeaders = "Doorward-"

// The times of forwarding.
const (
	forwardWithin = 3 * time.Second        // for how long another try is made, while nobody leads
	forwardPause  = 25 * time.Millisecond  // between two tries
	forwardGrace  = time.Second            // for the answer of a machine that does not lead any more
	answerWithin  = time.Minute            // for the answer to begin
	idleWithin    = 30 * time.Second       // for unused connections; the other end closes them later
	dialWithin    = 700 * time.Millisecond // as an election takes about as long
)

// notForwarded are the headers of a request or an answer that are for one connection only, or
// by which a visitor could say who they are, or where they come from.
var notForwarded = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authenticate": true,
	"Proxy-Authorization": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Content-Length": true, "Expect": true, "Host": true,

	"Forwarded": true, "X-Real-Ip": true,

	"Idempotency-Key": true, "X-Idempotency-Key": true, // with these, net/http would send a change twice
}

// A forwarder sends requests to the machine that leads.
type forwarder struct {
	cluster   Cluster
	transport http.RoundTripper
	within    time.Duration // for how long another try is made
	answers   *answers
}

func newForwarder(c Cluster) *forwarder {
	dials := make(turns, maxDials)
	dial := func(ctx context.Context, _, machine string) (net.Conn, error) {
		if err := dials.await(ctx, nil); err != nil {
			return nil, err
		}
		defer dials.end()
		ctx, cancel := context.WithTimeout(ctx, dialWithin)
		defer cancel()
		machine, _, _ = strings.Cut(machine, ":")
		return c.Dial(ctx, machine)
	}
	return &forwarder{
		cluster: c,
		within:  forwardWithin,
		answers: newAnswers(c),
		transport: throughTurnstile(&http.Transport{
			DialContext:           dial,
			DisableCompression:    true,
			MaxIdleConnsPerHost:   maxForwarded,
			IdleConnTimeout:       idleWithin,
			ResponseHeaderTimeout: answerWithin,
		}),
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A parcel is a request to forward. Its strings are its own.
type parcel struct {
	method, target string
	header         http.Header
	host           string
	body           []byte
}

// errLeadsHere says that this machine has begun to lead.
var errLeadsHere = errors.New("this machine leads")

// send forwards a request, and returns the answer of the machine that leads. While there is
// none, or it cannot be reached, it tries again until within has passed: also what changes
// something, as long as nothing was sent. A request that was sent is sent again only if it
// changes nothing.
func (w *forwarder) send(ctx context.Context, p *parcel, within time.Duration) (*http.Response, error) {
	began := time.Now()
	for {
		machine, here := w.cluster.Leader()
		if here {
			return nil, errLeadsHere
		}
		if machine != "" {
			answer, sent, err := w.try(ctx, machine, p)
			switch {
			case err == nil && answer.Header.Get(elsewhereHeader) == "":
				return answer, nil
			case err == nil:
				answer.Body.Close()
			case errors.Is(err, errCrowded):
				return nil, Busy()
			case sent && p.method != http.MethodGet && p.method != http.MethodHead:
				return nil, errUnknownOutcome
			}
		}
		if time.Since(began)+forwardPause > within || pause(ctx, forwardPause) != nil {
			return nil, errNoLeader
		}
	}
}

// errUnknownOutcome is for a change whose answer was lost.
var errUnknownOutcome = access.Errorf(access.Unavailable,
	"It is not yet known whether this was saved. Check before you try again.").WithCode("unknown_outcome")

// try forwards a request to one machine. sent reports whether any of it may have got there. It
// gives up some time after another machine has begun to lead: a machine that was cut off or
// stopped never answers.
func (w *forwarder) try(ctx context.Context, machine string, p *parcel) (_ *http.Response, sent bool, _ error) {
	ctx, cancel := context.WithCancel(ctx)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent = true },
	})
	r := (&http.Request{
		Method:        p.method,
		URL:           &url.URL{Scheme: "http", Host: machine, Opaque: p.target},
		Host:          p.host,
		Header:        p.header,
		ContentLength: int64(len(p.body)),
	}).WithContext(traced)
	if len(p.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(p.body))
	}
	answered := make(chan struct{})
	go w.watch(ctx, machine, answered, cancel)
	answer, err := w.transport.RoundTrip(r)
	close(answered)
	if err != nil {
		cancel()
		return nil, sent, err
	}
	answer.Body = w.answers.follow(answer.Body, machine, cancel)
	return answer, true, nil
}

// watch gives up once a machine has not led any more for a while.
func (w *forwarder) watch(ctx context.Context, machine string, answered <-chan struct{}, giveUp func()) {
	tick := time.NewTicker(forwardPause)
	defer tick.Stop()
	for gone := time.Duration(0); gone < forwardGrace; {
		select {
		case <-answered:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if leads, _ := w.cluster.Leader(); leads != machine {
			gone += forwardPause
		}
	}
	giveUp()
}

// pack copies the headers of a request that another machine is to see, and adds what it is to
// be told of the visitor; or of the operator, where the request is theirs: the name of the machine
// whose socket it came by.
func pack(h *fasthttp.RequestHeader, operator string, visitor netip.Addr) *parcel {
	p := &parcel{header: http.Header{}, host: string(h.Host())}
	for key, value := range h.All() {
		name := http.CanonicalHeaderKey(string(key))
		claims := strings.HasPrefix(name, "X-Doorward-") && name != HeaderBackground && operator == ""
		if notForwarded[name] || claims || strings.HasPrefix(name, ownHeaders) ||
			strings.HasPrefix(name, "X-Forwarded-") {
			continue
		}
		p.header.Add(name, string(value))
	}
	if p.header["User-Agent"] == nil {
		p.header["User-Agent"] = nil // or net/http adds its own
	}
	if operator != "" {
		p.header.Set(operatorHeader, operator)
	} else {
		p.header.Set(visitorHeader, visitor.String())
	}
	return p
}

// targetOf is the path and the query as they were sent. A path that begins with two slashes
// stands behind its host: alone, it would be one.
func targetOf(uri *fasthttp.URI, host string) string {
	target := string(uri.PathOriginal())
	if strings.HasPrefix(target, "//") {
		target = "http://" + host + target
	}
	if q := uri.QueryString(); len(q) > 0 {
		target += "?" + string(q)
	}
	return target
}
