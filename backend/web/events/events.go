// Package events reports changes to open pages and programs, as Server-Sent
// Events. It owns the one watch of the store that all streams share, and limits
// the number of streams. A change is reported after its commit, and only to
// clients that may see it at that time; a client whose session or permission has
// ended gets nothing more. On several machines, the one that leads has the streams, makes
// sure of its lead before each event, and ends them when it has lost it.
//
// A client that is too slow, or was disconnected, is told to reload: nothing is
// stored for it, and nobody waits for it.
package events

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web"
)

// Events are the event streams of a server. They are safe for concurrent use.
type Events struct{ hub *hub }

// New returns the event streams of a server. overview returns the counts, as the
// API writes them.
func New(s *web.Server, overview func(context.Context) ([]byte, error)) *Events {
	return &Events{newHub(s, overview)}
}

// Mount mounts the one streaming route.
func (e *Events) Mount(f *web.Face) {
	f.Add(fiber.MethodGet, "/api/v1/events", web.PendingOrToken(), e.listen)
}

// listen opens a stream for a pending or active member, or for an API token.
func (e *Events) listen(c *fiber.Ctx) error {
	st := e.newStream(c)
	if err := e.hub.add(st); err != nil {
		return err
	}
	if err := e.hub.confirm(c.UserContext()); err != nil {
		e.hub.remove(st) // if the lead was lost before add, nobody else ends it
		return err
	}
	st.begin(c.Get("Last-Event-ID") != "")
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetConnectionClose()
	c.Context().SetBodyStream(st, -1)
	return nil
}
