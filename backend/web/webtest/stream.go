package webtest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A Stream is an event stream as its client reads it.
type Stream struct {
	*http.Response
	t    testing.TB
	text *bufio.Reader
}

// Listen opens a stream at an address.
func (b *Browser) Listen(at string, change ...func(*http.Request)) *Stream {
	b.Server.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	b.Server.T.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/api/v1/events", nil)
	b.Server.Must(err)
	r.Host = "door.example.com"
	r.AddCookie(&http.Cookie{Name: SessionCookie, Value: b.Session().Reveal()})
	for _, c := range change {
		c(r)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	b.Server.Must(err)
	b.Server.T.Cleanup(func() { resp.Body.Close() })
	return &Stream{Response: resp, t: b.Server.T, text: bufio.NewReader(resp.Body)}
}

// Next returns the next event and its data; both empty once the stream has ended.
func (e *Stream) Next() (event, data string) {
	e.t.Helper()
	for {
		line, err := e.text.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return "", ""
		case err != nil:
			e.t.Fatalf("the stream broke: %v", err)
		case strings.HasPrefix(line, "event: "):
			event = strings.TrimSpace(line[7:])
		case strings.HasPrefix(line, "data: "):
			data = strings.TrimSpace(line[6:])
		case line == "\n" && event != "":
			return event, data
		}
	}
}

// Until reads up to an event, and returns the ones before it.
func (e *Stream) Until(want string) (before []string, data string) {
	e.t.Helper()
	for {
		event, data := e.Next()
		if event == want {
			return before, data
		}
		if event == "" {
			e.t.Fatalf("the stream ended before %s came; there were %v", want, before)
		}
		before = append(before, event)
	}
}

// Line returns the next line, whatever it is.
func (e *Stream) Line() (string, error) { return e.text.ReadString('\n') }
