package events

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web"
	"doorward/backend/web/wire"
)

// What streams tell of, and what makes them look again whether they may go on.
const (
	topicOverview = "overview"
	topicRequest  = "login-request"
	topicMember   = "member"
	topicMessage  = "message"
	topicAudit    = "audit"
	topicSession  = "session"
	topicToken    = "token"
	topicRoles    = "roles"
	topicMissed   = "missed"
	tellReload    = "reload"
)

// A stream is one client's events. The server reads from it what goes out; it
// ends when the client goes, the session ends or may no longer, the server
// stops, or the client falls behind.
type stream struct {
	hub    *hub
	who    *gate.Principal // as of the last look; nil for the operator
	secret access.Secret
	owner  string
	news   chan event // closed when the client fell behind, or the store is gone

	conn     net.Conn
	gone     chan struct{} // the client went
	stopping <-chan struct{}
	beat     <-chan time.Time
	stopBeat func()
	out      bytes.Buffer
	count    int
	ended    bool
}

func (e *Events) newStream(c *fiber.Ctx) *stream {
	st := &stream{
		hub:      e.hub,
		who:      web.PrincipalOf(c),
		owner:    "operator",
		news:     make(chan event, streamBuffer),
		conn:     c.Context().Conn(),
		gone:     make(chan struct{}),
		stopping: c.Context().Done(),
	}
	if st.who == nil {
		return st
	}
	if st.owner = string(st.who.Actor.Member); st.who.Actor.Token != "" {
		st.owner = string(st.who.Actor.Token)
		st.secret = access.Secret(strings.Clone(strings.TrimPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")))
		return st
	}
	st.secret = web.SecretOf(c)
	return st
}

// begin says hello, and starts to look out for the client's end.
func (st *stream) begin(again bool) {
	st.beat, st.stopBeat = st.hub.every(beatEvery)
	fmt.Fprintf(&st.out, "retry: 2000\nid: %d\n\n", st.count)
	if again {
		st.tell(tellReload, []byte("{}"))
	}
	if st.reads() {
		if data, err := st.hub.overview(st.hub.stopped); err == nil {
			st.tell(topicOverview, data)
		}
	}
	go st.listen()
}

// listen notices that the client went. Nothing more is expected from it: what
// comes all the same ends the stream, too.
func (st *stream) listen() {
	defer close(st.gone)
	if err := st.conn.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	if conn, ok := st.conn.(*wire.Conn); ok {
		conn.AwaitEnd()
		return
	}
	var b [1]byte
	_, _ = st.conn.Read(b[:])
}

var readMembers = access.May(access.Read, access.ResMembers)

func (st *stream) reads() bool { return st.who == nil || st.who.May(readMembers) == nil }

// writeWithin is how long a client may take to read what it is sent.
const writeWithin = 20 * time.Second

// Read waits for something to tell.
func (st *stream) Read(p []byte) (int, error) {
	for st.out.Len() == 0 {
		if st.ended {
			return 0, io.EOF
		}
		st.wait()
	}
	if err := st.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return 0, err
	}
	return st.out.Read(p)
}

// Close lets the stream go.
func (st *stream) Close() error {
	st.stopBeat()
	st.hub.remove(st)
	return nil
}

func (st *stream) wait() {
	ctx := st.hub.stopped
	select {
	case <-st.gone:
		st.ended = true
	case <-st.stopping:
		st.ended = true
	case <-ctx.Done():
		st.ended = true
	case <-st.beat:
		if st.ended = st.hub.checkStreams(ctx, st) != nil; !st.ended {
			st.out.WriteString(":\n\n")
		}
	case n, open := <-st.news:
		if !open {
			st.tell(tellReload, []byte("{}"))
			st.ended = true
			return
		}
		st.hear(ctx, n)
	}
}

// hear tells of a change if it is for this client's ears, and looks again at
// who is listening when the change may concern that.
func (st *stream) hear(ctx context.Context, n event) {
	mine := st.who != nil && n.topic == topicMember && n.id == string(st.who.Member.ID)
	if n.topic == topicMissed {
		st.tell(tellReload, []byte("{}"))
	}
	if mine || st.concerned(n) {
		before := st.reads()
		st.ended = st.hub.checkStreams(ctx, st) != nil
		if st.ended && !mine {
			return
		}
		if mine && !(before && st.reads() && !st.ended) {
			st.tell(topicMember, []byte("{}"))
			return
		}
	}
	if st.reads() {
		st.pass(n)
	}
}

// concerned reports whether a change may end the stream or change what it may
// tell of.
func (st *stream) concerned(n event) bool {
	if st.who == nil {
		return false
	}
	switch n.topic {
	case topicRoles, topicMissed:
		return true
	case topicToken:
		return n.id == string(st.who.Actor.Token)
	case topicSession:
		hash := st.secret.Hash()
		return n.id == string(hash[:])
	}
	return false
}

// pass tells a reader of members of a change.
func (st *stream) pass(n event) {
	switch n.topic {
	case topicOverview:
		st.tell(n.topic, n.data)
	case topicRequest, topicMember, topicMessage:
		st.tell(n.topic, fmt.Appendf(nil, `{"id":%q}`, n.id))
	case topicAudit:
		st.tell(n.topic, []byte("{}"))
	}
}

func (st *stream) tell(event string, data []byte) {
	st.count++
	fmt.Fprintf(&st.out, "id: %d\nevent: %s\ndata: %s\n\n", st.count, event, data)
}
