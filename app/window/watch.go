package window

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"doorward/backend/access"
)

// A Watch tells the window's title and the desktop who waits. It listens to the
// same events as the console does, and counts for itself.
type Watch struct {
	Name   string // of the workspace, where it has to be told from others
	Title  func(string)
	Notify func(title, body string)

	waiting int
	known   bool
}

// retryAfter is how long the watch waits before it listens again.
const retryAfter = 2 * time.Second

// Run watches o until ctx ends, or the window is signed out.
func (w *Watch) Run(ctx context.Context, o Opened) {
	for ctx.Err() == nil && !access.SignedOut.Is(w.listen(ctx, o)) {
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// listen follows one stream of events to its end.
func (w *Watch) listen(ctx context.Context, o Opened) error {
	body, err := o.get(ctx, "/api/v1/events")
	if err != nil {
		return err
	}
	defer body.Close()
	w.look(ctx, o)
	for lines := bufio.NewScanner(body); lines.Scan(); {
		switch strings.TrimPrefix(lines.Text(), "event: ") {
		case "overview", "login-request", "reload":
			w.look(ctx, o)
		}
	}
	return nil
}

// look counts who waits, and tells of it what is new.
func (w *Watch) look(ctx context.Context, o Opened) {
	var now struct{ Pending int }
	if get(ctx, o, "/api/v1/overview", &now) != nil {
		return // the next event, or the next stream, asks again
	}
	if !w.known || now.Pending != w.waiting {
		w.Title(Title(now.Pending, w.Name))
	}
	if w.known && now.Pending > w.waiting {
		w.Notify(Title(0, w.Name), Sentence(now.Pending))
	}
	w.waiting, w.known = now.Pending, true
}

// Title is the window's, with the number of people who wait and the workspace's
// name, if it has to be told from others.
func Title(waiting int, workspace string) string {
	title := "Doorward"
	if workspace != "" {
		title = workspace + " · Doorward"
	}
	if waiting > 0 {
		title = fmt.Sprintf("(%d) %s", waiting, title)
	}
	return title
}

// Sentence says how many wait.
func Sentence(waiting int) string {
	if waiting == 1 {
		return "1 person is waiting for your approval."
	}
	return fmt.Sprintf("%d people are waiting for your approval.", waiting)
}
