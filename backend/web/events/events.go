// Package events tells open pages and programs of changes, as Server-Sent Events.
// It owns the one watch of the store that all streams share, and how many streams
// there may be. A change is told of after its commit, and only to whoever may know
// of it then; whoever may no longer listen hears no more.
//
// A client that is too slow, or was away, is told to reload: nothing is kept for it,
// and nobody waits for it.
package events

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web"
)

// Events are the event streams of a server. They are safe for concurrent use.
type Events struct{ hub *hub }

// New makes the event streams of a server. overview are the counts, as the API
// writes them.
func New(s *web.Server, overview func(context.Context) ([]byte, error)) *Events {
	return &Events{newHub(s, overview)}
}

// Mount mounts the one route that streams.
func (e *Events) Mount(f *web.Face) {
	f.Add(fiber.MethodGet, "/api/v1/events", web.PendingOrToken(), e.listen)
}

// listen opens a stream for whoever waits or is in, and for their tokens.
func (e *Events) listen(c *fiber.Ctx) error {
	st := e.newStream(c)
	if err := e.hub.add(st); err != nil {
		return err
	}
	st.begin(c.Get("Last-Event-ID") != "")
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetConnectionClose()
	c.Context().SetBodyStream(st, -1)
	return nil
}
