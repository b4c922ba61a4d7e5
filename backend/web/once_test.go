package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
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
	var o once
	browser := access.Secret("one").Hash()
	form := sha256.Sum256([]byte("a form"))
	a, _ := o.claim(browser, form)
	for _, test := range []struct {
		ago   time.Duration
		first bool
	}{{0, false}, {onceFor - 30*time.Second, false}, {onceFor, true}, {2 * onceFor, true}} {
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
