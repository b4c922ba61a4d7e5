package desktop

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// A Watch shows who waits, in the window's title and in notifications. It listens
// to the same events as the console does, and counts on its own.
type Watch struct {
	Name   string // of the workspace, where it has to be distinguished from others
	Title  func(string)
	Notify func(title, body string)
	Say    func(key string, v messages.Values) string // a sentence of the catalogue
	Count  func(waiting int)                          // for the tray; nil: nobody counts

	known    bool
	waiting  int // as the badge counts them
	accepted int // those who have accepted, and can be approved
}

// retryAfter is how long the watch waits before it connects again.
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

// listen reads one stream of events to its end.
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

// look counts who waits, and notifies of those who accepted since.
func (w *Watch) look(ctx context.Context, o Opened) {
	var now struct{ Pending, Accepted int }
	if get(ctx, o, "/api/v1/overview", &now) != nil {
		return // the next event, or the next stream, makes it ask again
	}
	if !w.known || now.Pending != w.waiting {
		w.Title(Title(now.Pending, w.Name))
		if w.Count != nil {
			w.Count(now.Pending)
		}
	}
	if w.known && now.Accepted > w.accepted {
		w.Notify(Title(0, w.Name), w.sentence(newest(ctx, o), now.Accepted))
	}
	w.known, w.waiting, w.accepted = true, now.Pending, now.Accepted
}

// newest names the person who accepted last; empty where that is unknown.
func newest(ctx context.Context, o Opened) (who string) {
	var list struct {
		Items []struct {
			Email, Name string
			Accepted    time.Time `json:"accepted_at"`
		}
	}
	if get(ctx, o, "/api/v1/login-requests?limit=200", &list) != nil {
		return ""
	}
	var last time.Time
	for _, m := range list.Items {
		if m.Accepted.After(last) {
			if last, who = m.Accepted, m.Name; who == "" {
				who = m.Email
			}
		}
	}
	return plain(who)
}

// plain is a text without anything that a desktop takes for markup.
func plain(s string) string {
	return access.Shorten(strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>&", r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s), 80)
}

// Title is the window's title, with the number of waiting people and the
// workspace's name, if it has to be distinguished from others.
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

// sentence says who waits for an approval: the newest, and how many.
func (w *Watch) sentence(newest string, waiting int) string {
	switch {
	case newest != "" && waiting == 1:
		return w.Say("window.notice.one", messages.Values{"Name": newest})
	case newest != "":
		return w.Say("window.notice.more", messages.Values{"Name": newest, "N": waiting - 1})
	}
	return w.Say("window.notice.people", messages.Values{"N": waiting})
}
