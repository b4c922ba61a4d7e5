package web_test

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// work is how much a handler does for one request, as the memory that it asks
// for: unlike time it is the same on a busy machine, and every read, write,
// decoding and drawing asks for some.
type work struct{ times, bytes uint64 }

// workOf sends a form straight to the handler, from a browser nobody has seen,
// and measures.
func workOf(s *webtest.Server, handler fasthttp.RequestHandler, path string, fields ...string) (work, int) {
	s.T.Helper()
	browser := access.NewSecret()
	form := url.Values{"csrf": {s.Web.Cookies.TokenFor(browser)}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	var ctx fasthttp.RequestCtx
	ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}, nil)
	ctx.Request.Header.SetMethod(http.MethodPost)
	ctx.Request.SetRequestURI(webtest.URL + path)
	ctx.Request.Header.SetHost(strings.TrimPrefix(webtest.URL, "https://"))
	ctx.Request.Header.SetContentType("application/x-www-form-urlencoded")
	ctx.Request.Header.Set("Sec-Fetch-Site", "same-origin")
	ctx.Request.Header.SetCookie(webtest.BrowserCookie, browser.Reveal())
	ctx.Request.SetBodyString(form.Encode())

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	handler(&ctx)
	runtime.ReadMemStats(&after)
	return work{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}, ctx.Response.StatusCode()
}

// A stranger measures how long the sign-in form takes. Whoever looks at an
// address before answering, or answers an unknown one early, tells which
// addresses have accounts. The form does the same work for each kind, to within
// the noise; what it does for an address that it does not even look up shows
// that the measure would notice.
func TestSignInFormDoesTheSameWork(t *testing.T) {
	s := webtest.NewOn(t, enginetest.Faultless, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts.Burst = 100_000
	})
	s.Invite("invite@example.com", access.Fleet)
	_, link := s.Invite("pended@example.com", access.Fleet)
	s.Browser().RedeemLink(link)
	s.SignedIn("active@example.com", access.Fleet)
	s.SignedIn("admini@example.com", access.Admin)
	_, id := s.SignedIn("suspen@example.com", access.Fleet)
	_, err := s.Service.Members.Suspend(bg, s.Admin, id)
	s.Must(err)
	gone, _ := s.Invite("reject@example.com", access.Fleet)
	s.Must(s.Service.Members.Reject(bg, s.Admin, gone, "", false))
	kinds := []string{"unknow@example.com", "invite@example.com", "pended@example.com", "active@example.com",
		"admini@example.com", "suspen@example.com", "reject@example.com"}

	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	handler := s.App.Handler()
	did := map[string][]work{}
	const rounds = 60
	for range rounds {
		s.Advance(time.Hour) // the limits are full again
		for _, email := range kinds {
			w, status := workOf(s, handler, "/login", "email", email)
			if status != http.StatusOK {
				t.Fatalf("%s is answered %d", email, status)
			}
			did[email] = append(did[email], w)
		}
		w, _ := workOf(s, handler, "/login", "email", "no address")
		did["early"] = append(did["early"], w)
	}
	// The first rounds fill pools and find the store's maps growing.
	times := func(email string) uint64 {
		return median(did[email][rounds/4:], func(w work) uint64 { return w.times })
	}
	bytes := func(email string) uint64 {
		return median(did[email][rounds/4:], func(w work) uint64 { return w.bytes })
	}
	told := ""
	for _, email := range kinds {
		told += fmt.Sprintf("%s %d times %d bytes\n", email, times(email), bytes(email))
	}
	t.Log(told)
	const noise = 6
	for _, email := range kinds[1:] {
		if apart(times(email), times(kinds[0])) > noise {
			t.Errorf("%s takes more or less work than an unknown address:\n%s", email, told)
		}
		if apart(bytes(email), bytes(kinds[0])) > bytes(kinds[0])/20 {
			t.Errorf("%s takes more or less memory than an unknown address:\n%s", email, told)
		}
	}
	if early := times("early"); apart(early, times(kinds[0])) <= 4*noise {
		t.Errorf("an early answer takes %d, as much as any: the measure shows nothing\n%s", early, told)
	}
}

func median(all []work, of func(work) uint64) uint64 {
	v := make([]uint64, len(all))
	for i, w := range all {
		v[i] = of(w)
	}
	slices.SortFunc(v, cmp.Compare[uint64])
	return v[len(v)/2]
}

func apart(a, b uint64) uint64 { return max(a, b) - min(a, b) }
