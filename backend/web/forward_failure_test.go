package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Two machines each believe that the other leads. A request is forwarded once, and then
// refused.
func TestAForwardedRequestGoesNoFurther(t *testing.T) {
	p := newPair(t)
	p.Other.Web.ForwardWithin(0)
	p.Here.Lead("second", false)
	for path, want := range map[string]string{"/": "One moment, please", "/api/v1/me": "no_leader"} {
		p.Via(p.Admin).Get(path).Want(t, http.StatusServiceUnavailable, want)
	}
	if _, dialled := p.Here.Asked(); dialled > 0 {
		t.Errorf("it was forwarded again, %d times", dialled)
	}
	p.Via(p.Admin).Get("/readyz").Want(t, http.StatusServiceUnavailable)
}

// A machine to which a request is forwarded is not sure of its lead, and then is. Nothing was
// done the first time, so the request is sent again, whatever it does.
func TestWhatTheFenceRefusedIsSentAgain(t *testing.T) {
	p := newPair(t)
	for _, ask := range []func() webtest.Answer{
		func() webtest.Answer { return p.Via(p.Admin).Get("/api/v1/me") },
		func() webtest.Answer {
			return p.Via(p.Admin).API("PATCH", p.Fill("/members/{fleet}"), `{"name":"Other"}`)
		},
	} {
		refused := 0
		p.Here.Answer(func(context.Context) error {
			if refused++; refused == 1 {
				return errCutOff
			}
			return nil
		})
		ask().Want(t, http.StatusOK)
	}
	p.Here.CutOff()
	p.Other.Web.ForwardWithin(0)
	p.Via(p.Admin).Get("/").Want(t, http.StatusServiceUnavailable, "One moment, please")
}

// Nobody leads. People read so in their language, programs get a problem; what depends on
// nothing but this machine is served.
func TestNobodyLeads(t *testing.T) {
	p := newPair(t)
	p.Other.Web.ForwardWithin(0)
	p.There.Lead("", false)
	titles := map[access.Language]string{}
	for _, l := range access.Languages {
		a := p.Via(p.Admin).Get("/", webtest.InLanguage(string(l)))
		a.Want(t, http.StatusServiceUnavailable, `lang="`+string(l)+`"`)
		a.Lacks(t, "AI Loop", "Admin@Example.com")
		if a.Header.Get("Retry-After") != "2" || len(a.Cookies()) > 0 {
			t.Errorf("%s: %v", l, a.Header)
		}
		_, title, _ := strings.Cut(a.Text, "<h1")
		title, _, _ = strings.Cut(title, "</h1>")
		for other, same := range titles {
			if same == title {
				t.Errorf("%s has the title of %s: %s", l, other, title)
			}
		}
		titles[l] = title
		a = p.Via(p.Admin).API("PATCH", p.Fill("/members/{fleet}"), `{"name":"Other"}`,
			webtest.InLanguage(string(l)))
		a.Want(t, http.StatusServiceUnavailable, `"no_leader"`)
		if l == access.English {
			p.Problem(t, a)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/admin/assets/index-BxY1.js": 200,
		"/robots.txt": 200, "/api/v1/openapi.json": 200, "/favicon.ico": 204, "/login": 503, "/nothing": 503} {
		p.Via(p.Stranger).Get(path).Want(t, want)
	}
	p.There.Lead(webtest.First, false)
	p.Via(p.Stranger).Get("/readyz").Want(t, 200, "ready")
}

// A change was sent, and the machine that leads dies before it answers. Nobody says that nothing
// was changed, neither to people nor to programs.
func TestAChangeWithoutItsAnswer(t *testing.T) {
	p := newPair(t)
	page := p.Via(p.Admin).Get("/")
	p.There.OnDial(func(context.Context, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			if _, err := http.ReadRequest(bufio.NewReader(there)); err != nil {
				t.Error(err)
			}
			there.Close()
		}()
		return here, nil
	})
	p.Other.Web.ForgetConnections()
	p.Other.Web.ForwardWithin(0)
	form := p.Via(p.Admin).Post(page, "/logout")
	form.Want(t, http.StatusServiceUnavailable, "not yet known whether this was saved")
	form.Lacks(t, "nothing was changed", "Nothing was changed")
	p.Via(p.Admin).API("PATCH", p.Fill("/members/{fleet}"), `{"name":"Other"}`).
		Want(t, http.StatusServiceUnavailable, `"unknown_outcome"`)
	p.Via(p.Admin).Get("/").Want(t, http.StatusServiceUnavailable, "nothing was changed")
}

// A transport stands for the network to the machines, and what they answer.
type transport func(machine string, r *http.Request) (answer int, elsewhere, sent bool)

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, elsewhere, sent := tr(r.URL.Host, r)
	if sent {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	}
	if status == 0 {
		return nil, errors.New("the connection broke")
	}
	answer := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}
	if elsewhere {
		answer.Header.Set(web.ElsewhereHeader, "1")
	}
	return answer, nil
}

// The machine that leads dies, or hands over, while requests come to another one. What was not
// sent is sent to the next that leads, for three seconds; what was sent, only if it changes
// nothing; and of a change whose answer is lost nobody says that nothing was changed.
func TestForwardingDuringATakeOver(t *testing.T) {
	const lost, never = web.ForwardTries - web.ForwardPause, time.Hour
	tests := []struct {
		name, method string
		next         time.Duration // when another machine leads
		old          string        // how the old one fails: gone, broken, silent, elsewhere
		status       int
		code         string
		took         time.Duration
	}{
		{"nobody leads, then another", "GET", time.Second, "unknown", 200, "", time.Second},
		{"nobody leads, and a change waits", "POST", time.Second, "unknown", 200, "", time.Second},
		{"just in time", "POST", lost, "unknown", 200, "", lost},
		{"too late", "GET", web.ForwardTries + 1, "unknown", 0, "no_leader", web.ForwardTries},
		{"never", "POST", never, "unknown", 0, "no_leader", web.ForwardTries},
		{"it cannot be reached", "GET", time.Second, "gone", 200, "", time.Second},
		{"it cannot be reached, by a change", "POST", time.Second, "gone", 200, "", time.Second},
		{"it breaks", "GET", time.Second, "broken", 200, "", time.Second},
		{"it breaks, with a change", "POST", time.Second, "broken", 0, "unknown_outcome", 0},
		{"it breaks, with a deletion", "DELETE", time.Second, "broken", 0, "unknown_outcome", 0},
		{"it says that it does not lead", "POST", time.Second, "elsewhere", 200, "", time.Second},
		{"it is silent", "GET", time.Second, "silent", 200, "", time.Second + web.ForwardGrace},
		{"it is silent, with a change", "PATCH", time.Second, "silent", 0, "unknown_outcome",
			time.Second + web.ForwardGrace},
		{"this machine leads", "POST", time.Second, "here", 0, "here", time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &webtest.Machines{}
				if tt.old != "unknown" && tt.old != "here" {
					m.Lead("old", false)
				}
				began := time.Now()
				time.AfterFunc(tt.next, func() { m.Lead("new", tt.old == "here") })
				answer, err := web.Forwards(m, transport(func(machine string, r *http.Request) (int, bool, bool) {
					switch {
					case machine == "new":
						return 200, false, true
					case tt.old == "broken":
						return 0, false, true
					case tt.old == "elsewhere":
						return 503, true, true
					case tt.old == "silent":
						<-r.Context().Done()
						return 0, false, true
					}
					return 0, false, false
				}), tt.method)
				took := time.Since(began)
				if err == nil {
					answer.Body.Close()
				}
				code := ""
				if errors.Is(err, web.ErrLeadsHere) {
					code = "here"
				} else if err != nil {
					code = access.Explain(err).Code
				}
				if status := statusOf(answer); status != tt.status || code != tt.code {
					t.Errorf("it is answered with %d, %q (%v)", status, code, err)
				}
				if took < tt.took-web.ForwardPause || took > tt.took+2*web.ForwardPause {
					t.Errorf("that took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func statusOf(r *http.Response) int {
	if r == nil {
		return 0
	}
	return r.StatusCode
}

// A stream has begun, and the machine that sends it is stopped as it stands, or cut off, so that its
// connection stays open and nothing comes any more. It ends once that machine has not led for a
// while, and not before, however long nothing is to be said.
func TestASilentStreamEndsAfterATakeOver(t *testing.T) {
	for _, who := range []string{"new", ""} {
		synctest.Test(t, func(t *testing.T) {
			m := &webtest.Machines{}
			m.Lead("old", false)
			r, w := io.Pipe()
			answer, err := web.Forwards(m, body{r}, "GET")
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				io.WriteString(w, "a")
				time.Sleep(time.Hour)
				io.WriteString(w, "b")
				m.Lead(who, false)
				time.Sleep(web.ForwardGrace - 2*web.AnswersLook)
				io.WriteString(w, "c") // it was slow, and not gone
			}()
			began := time.Now()
			text, err := io.ReadAll(answer.Body)
			took := time.Since(began) - time.Hour - (web.ForwardGrace - 2*web.AnswersLook) - web.ForwardGrace
			if string(text) != "abc" || err == nil || took < -web.AnswersLook || took > 2*web.AnswersLook {
				t.Errorf("it has %q and ends with %v, %v too late", text, err, took)
			}
			answer.Body.Close()
		})
	}
}

// Two streams have begun when the machine that sends them loses the lead. One is silent, and ends;
// the other goes on for as long as something comes.
func TestEachSilentStreamEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &webtest.Machines{}
		m.Lead("old", false)
		bodies := make(chan body, 2)
		send := web.ForwardsMany(m, next(bodies))
		begin := func() (*http.Response, *io.PipeWriter) {
			r, w := io.Pipe()
			bodies <- body{r}
			answer, err := send()
			if err != nil {
				t.Fatal(err)
			}
			return answer, w
		}
		silent, _ := begin()
		busy, w := begin()
		m.Lead("new", false)
		const said = 10
		go func() {
			for range said {
				time.Sleep(web.ForwardGrace - 2*web.AnswersLook)
				io.WriteString(w, "a")
			}
			w.Close()
		}()
		for _, want := range []struct {
			answer *http.Response
			text   string
			whole  bool
		}{{silent, "", false}, {busy, strings.Repeat("a", said), true}} {
			text, err := io.ReadAll(want.answer.Body)
			if string(text) != want.text || err == nil != want.whole {
				t.Errorf("it has %q and ends with %v, want %q", text, err, want.text)
			}
			want.answer.Body.Close()
		}
	})
}

// A next is a network with the bodies of its answers, one after the other.
type next chan body

func (n next) RoundTrip(r *http.Request) (*http.Response, error) { return (<-n).RoundTrip(r) }

// A body is a network in which each answer has this body, until its request ends.
type body struct{ *io.PipeReader }

func (b body) RoundTrip(r *http.Request) (*http.Response, error) {
	context.AfterFunc(r.Context(), func() { b.CloseWithError(r.Context().Err()) })
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: b}, nil
}

// Somebody types their email address, or opens a login link, while nobody leads. The page offers
// what they did once more, with what they typed, and once somebody leads that is done. What another
// site had them send is refused then as ever.
func TestWhatWasTypedIsSentAgain(t *testing.T) {
	p := newPair(t)
	p.Other.Web.ForwardWithin(0)
	b := p.Via(p.Browser())
	login := b.Get("/login")
	p.There.Lead("", false)
	shown := b.Get("/login?next=%2Ffleet%2Fflows")
	shown.Want(t, http.StatusServiceUnavailable, `href="/login?next=%2Ffleet%2Fflows"`)
	if shown.Header.Get("Refresh") == "" {
		t.Error("the page is not loaded again by itself")
	}
	kept := b.Post(login, "/login", "email", `"ada"@example.com`)
	kept.Want(t, http.StatusServiceUnavailable, `method="post" action="/login"`, "What you entered is not lost",
		`name="email" value="&#34;ada&#34;@example.com"`)
	if kept.Header.Get("Refresh") != "" {
		t.Error("a form is left by itself")
	}
	foreign := b.Do("POST", "/login", url.Values{"email": {"eve@example.com"}})
	foreign.Want(t, http.StatusServiceUnavailable, "eve@example.com")
	if webtest.CSRFField.MatchString(foreign.Text) {
		t.Error("a form that is not ours is offered with a proof that it is")
	}
	p.There.Lead(webtest.First, false)
	b.Post(kept, "/login", "email", "ada@example.com").Want(t, http.StatusOK)
}

// A machine still takes itself for the one that leads, and its store refuses already: what was typed
// is offered again there, too.
func TestWhatWasTypedWhileTheLeadIsLost(t *testing.T) {
	open, engine := enginetest.Controlled()
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	s := webtest.NewOn(t, open, m.In)
	b := s.Browser()
	login := b.Get("/login")
	engine().Lead(false)
	b.Post(login, "/login", "email", "ada@example.com").Want(t, http.StatusServiceUnavailable,
		"What you entered is not lost", `value="ada@example.com"`)
	engine().Lead(true)
}
