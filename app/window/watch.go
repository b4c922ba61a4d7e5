package window

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"
)

// A Watch tells the window's title and the desktop who waits. It listens to the
// same events as the console does, and counts for itself.
type Watch struct {
	Title  func(string)
	Notify func(title, body string)

	waiting int
	known   bool
}

// retryAfter is how long the watch waits before it listens again.
const retryAfter = 2 * time.Second

// Run watches o until ctx ends.
func (w *Watch) Run(ctx context.Context, o Opened) {
	for ctx.Err() == nil {
		w.listen(ctx, o)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// listen follows one stream of events to its end.
func (w *Watch) listen(ctx context.Context, o Opened) {
	body, err := o.get(ctx, "/api/v1/events")
	if err != nil {
		return
	}
	defer body.Close()
	w.look(ctx, o)
	for lines := bufio.NewScanner(body); lines.Scan(); {
		switch strings.TrimPrefix(lines.Text(), "event: ") {
		case "overview", "login-request", "reload":
			w.look(ctx, o)
		}
	}
}

// look counts who waits, and tells of it what is new.
func (w *Watch) look(ctx context.Context, o Opened) {
	var now struct{ Pending int }
	if get(ctx, o, "/api/v1/overview", &now) != nil {
		return // the next event, or the next stream, asks again
	}
	if !w.known || now.Pending != w.waiting {
		w.Title(Title(now.Pending))
	}
	if w.known && now.Pending > w.waiting {
		w.Notify("Doorward", Sentence(now.Pending))
	}
	w.waiting, w.known = now.Pending, true
}

// Title is the window's, with the number of people who wait.
func Title(waiting int) string {
	if waiting == 0 {
		return "Doorward"
	}
	return fmt.Sprintf("(%d) Doorward", waiting)
}

// Sentence says how many wait.
func Sentence(waiting int) string {
	if waiting == 1 {
		return "1 person is waiting for your approval."
	}
	return fmt.Sprintf("%d people are waiting for your approval.", waiting)
}
