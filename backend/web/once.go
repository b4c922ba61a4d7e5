package web

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
)

// onceFor is for how long a browser that sends the same form of the same page again gets
// the first answer: a double click, a reload, a retry of the network. What the form did is not
// done twice, and the browser, which shows the last answer only, misses nothing.
const onceFor = time.Minute

// maxOnce is how many browsers' last answers are held, and maxOnceBytes the size of
// the largest that is.
const (
	maxOnce      = 256
	maxOnceBytes = 16 << 10
)

// A once holds the answer to each browser's last form. Another form of the browser
// replaces it, so that doing A, B and A again does A twice. The zero value is ready.
type once struct {
	mu   sync.Mutex
	last map[access.SecretHash]*onceAnswer
}

type onceAnswer struct {
	form     [sha256.Size]byte
	at       time.Time
	done     chan struct{}
	response *fasthttp.Response // once done; nil where there is nothing to repeat
}

// answer runs h, or repeats its answer to the same form of the same browser.
func (o *once) answer(c *fiber.Ctx, browser access.Secret, h fiber.Handler) error {
	form := sha256.Sum256([]byte(c.Path() + "\n" + string(body(c))))
	for {
		mine, first := o.claim(browser.Hash(), form)
		if first {
			defer o.end(browser.Hash(), mine)
			err := h(c)
			if repeatable(c, err) {
				mine.response = &fasthttp.Response{}
				c.Response().CopyTo(mine.response)
			}
			return err
		}
		select {
		case <-mine.done:
		case <-c.Context().Done():
			return Busy()
		}
		if mine.response != nil {
			mine.response.CopyTo(c.Response())
			return nil
		}
	}
}

// repeatable reports whether the response may be given again: not where trying again
// may succeed.
func repeatable(c *fiber.Ctx, err error) bool {
	r := c.Response()
	return err == nil && r.StatusCode() < http.StatusInternalServerError &&
		r.StatusCode() != http.StatusTooManyRequests && len(r.Body()) <= maxOnceBytes
}

// claim returns the browser's last answer, and whether it is the caller's to give.
func (o *once) claim(browser access.SecretHash, form [sha256.Size]byte) (a *onceAnswer, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if a = o.last[browser]; a != nil && a.form == form && now.Sub(a.at) < onceFor {
		return a, false
	}
	if len(o.last) >= maxOnce {
		o.drop(now)
	}
	if o.last == nil {
		o.last = map[access.SecretHash]*onceAnswer{}
	}
	a = &onceAnswer{form: form, at: now, done: make(chan struct{})}
	o.last[browser] = a
	return a, true
}

// drop removes the answers that are too old, or all of them where that makes no room.
func (o *once) drop(now time.Time) {
	for k, a := range o.last {
		if now.Sub(a.at) >= onceFor {
			delete(o.last, k)
		}
	}
	if len(o.last) >= maxOnce {
		clear(o.last)
	}
}

// end lets those go on who wait for an answer. One without a response is forgotten:
// the next of them tries by itself.
func (o *once) end(browser access.SecretHash, a *onceAnswer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.response == nil && o.last[browser] == a {
		delete(o.last, browser)
	}
	close(a.done)
}
