package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
)

// A stranger sends forms from more and more browsers: their answers hold secrets and take
// memory. No more than the last few hundred are held, and none for an answer that failed.
func TestHeldAnswersAreBounded(t *testing.T) {
	var o once
	form := func(n int) [sha256.Size]byte { return sha256.Sum256(fmt.Append(nil, n)) }
	for n := range 4 * maxOnce {
		browser := access.Secret(fmt.Sprint("browser ", n)).Hash()
		a, first := o.claim(browser, form(n))
		if !first {
			t.Fatalf("browser %d got another one's answer", n)
		}
		if n%2 == 0 {
			o.end(browser, a) // without a response
			if _, held := o.last[browser]; held {
				t.Fatal("an answer that failed is held")
			}
		}
		if len(o.last) > maxOnce {
			t.Fatalf("%d answers are held", len(o.last))
		}
	}
	browser := access.Secret("one").Hash()
	for n := range 3 {
		if _, first := o.claim(browser, form(n)); !first {
			t.Errorf("form %d got the answer of another", n)
		}
	}
	if len(o.last) > maxOnce {
		t.Errorf("%d answers are held", len(o.last))
	}
}

// A browser that submits a form again gets the first answer for a minute, not for longer:
// by then the person means it.
func TestAnswerIsHeldForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock stands still
		var o once
		browser := access.Secret("one").Hash()
		form := sha256.Sum256([]byte("a form"))
		a, _ := o.claim(browser, form)
		for _, test := range []struct {
			ago   time.Duration
			first bool
		}{{0, false}, {onceFor - 1, false}, {onceFor, true}, {2 * onceFor, true}} {
			a.at = time.Now().Add(-test.ago)
			o.last[browser] = a
			if _, first := o.claim(browser, form); first != test.first {
				t.Errorf("after %s: the form is done again: %v, want %v", test.ago, first, test.first)
			}
		}

		now := time.Now()
		o.last = map[access.SecretHash]*onceAnswer{
			access.Secret("before").Hash(): {at: now.Add(1 - onceFor)},
			access.Secret("at").Hash():     {at: now.Add(-onceFor)},
		}
		o.drop(now)
		if len(o.last) != 1 || o.last[access.Secret("before").Hash()] == nil {
			t.Errorf("the answers that are left: %v", o.last)
		}
	})
}

// An answer is not given again where trying again may succeed, and none that is large.
func TestWhichAnswersAreGivenAgain(t *testing.T) {
	app := fiber.New()
	for _, test := range []struct {
		status, length int
		err            error
		want           bool
	}{
		{200, 0, nil, true},
		{303, maxOnceBytes, nil, true},
		{303, maxOnceBytes + 1, nil, false},
		{422, 10, nil, true},
		{428, 10, nil, true},
		{429, 10, nil, false},
		{499, 10, nil, true},
		{500, 10, nil, false},
		{503, 10, nil, false},
		{200, 10, errors.New("broken"), false},
	} {
		c := app.AcquireCtx(&fasthttp.RequestCtx{})
		c.Status(test.status).Response().SetBody(make([]byte, test.length))
		if got := repeatable(c, test.err); got != test.want {
			t.Errorf("status %d, %d bytes, %v: %v, want %v", test.status, test.length, test.err, got, test.want)
		}
		app.ReleaseCtx(c)
	}
}

// Whoever waits for an answer goes on when it is there. One that is there is held; one that
// failed is forgotten, and not the answer that another form has put in its place.
func TestTheEndOfAnAnswer(t *testing.T) {
	browser := access.Secret("one").Hash()
	form, other := sha256.Sum256([]byte("a form")), sha256.Sum256([]byte("another"))
	for _, test := range []struct {
		name            string
		failed, another bool
		held            bool // the same form again gets the answer that was given last
	}{
		{"done", false, false, true},
		{"failed", true, false, false},
		{"done, after another form", false, true, true},
		{"failed, after another form", true, true, true},
	} {
		var o once
		a, _ := o.claim(browser, form)
		last := form
		if test.another {
			o.claim(browser, other)
			last = other
		}
		if !test.failed {
			a.response = &fasthttp.Response{}
		}
		o.end(browser, a)
		select {
		case <-a.done:
		default:
			t.Errorf("%s: who waits for it still waits", test.name)
		}
		if _, first := o.claim(browser, last); first == test.held {
			t.Errorf("%s: the same form is done again: %v", test.name, first)
		}
	}
}

// A browser sends a form twice: it is done once, and both get the answer. Another form, or the
// form of another browser, is another.
func TestTheSameFormIsDoneOnce(t *testing.T) {
	var o once
	var fails error
	done := 0
	app := fiber.New()
	app.Post("/:form", func(c *fiber.Ctx) error {
		return o.answer(c, access.Secret(c.Get("Browser")), func(c *fiber.Ctx) error {
			done++
			if fails != nil {
				return fails
			}
			return c.Status(http.StatusCreated).SendString(fmt.Sprint("answer ", done))
		})
	})
	send := func(browser, path, form string) (status int, answer string) {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
		r.Header.Set("Browser", browser)
		resp, err := app.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(got)
	}
	for i, test := range []struct {
		browser, path, form string
		fails               error
		want                string
		status, done        int
	}{
		{"one", "/a", "x=1", nil, "answer 1", 201, 1},
		{"one", "/a", "x=1", nil, "answer 1", 201, 1},
		{"two", "/a", "x=1", nil, "answer 2", 201, 2},
		{"one", "/b", "x=1", nil, "answer 3", 201, 3},
		{"one", "/b", "x=2", nil, "answer 4", 201, 4},
		{"one", "/b", "x=2", nil, "answer 4", 201, 4},
		{"one", "/a", "x=1", errors.New("broken"), "broken", 500, 5},
		{"one", "/a", "x=1", errors.New("broken"), "broken", 500, 6},
		{"one", "/a", "x=1", nil, "answer 7", 201, 7},
	} {
		fails = test.fails
		if status, got := send(test.browser, test.path, test.form); status != test.status || got != test.want ||
			done != test.done {
			t.Errorf("form %d = %d %q, the %d. time, want %d %q, the %d. time", i+1, status, got, done, test.status,
				test.want, test.done)
		}
	}
}
