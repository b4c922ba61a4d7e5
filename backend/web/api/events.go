package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const eventsText = `Server-Sent Events. A caller who may read members gets overview (with the counts), login-request, member and message (with an id), and audit. Others only get their own changes: member, without data. A client that missed some gets reload. hello comes first and has no data; its id is the server's position then, as each later event has one. An answer to a GET has the position at which it was begun in Doorward-Position: if that is an older one than hello's, something happened in between, and the client should read again. Positions of different servers, or with something else before the dash, say nothing about each other. Each stream ends when its session or token does.`

// describeEvents describes in the document the event stream, which package events
// mounts.
func describeEvents(r *group) {
	stream := &huma.MediaType{
		Schema:  &huma.Schema{Type: "string"},
		Example: "event: member\ndata: {\"id\":\"mfrggzdfmztwq2lknnwg23tpoa\"}\n\n",
	}
	r.huma.OpenAPI().AddOperation(&huma.Operation{
		Method:      http.MethodGet,
		Path:        "/events",
		OperationID: "listen",
		Summary:     "Live events",
		Description: eventsText,
		Tags:        []string{"events"},
		Security:    []map[string][]string{{"session": {}}, {"token": {}}},
		Parameters: []*huma.Param{{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "Sent by a client that was connected before; it gets reload first."}},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/event-stream": stream}},
		},
	})
}
