package events

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web"
	"doorward/backend/web/wire"
)

// The events of streams, and what makes a stream check whether it may go on.
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
	tellHello     = "hello"
)

// A stream is one client's events. The server reads its output from it. It ends
// when the client disconnects, the session ends or loses its permission, the
// server stops, or the client falls behind.
type stream struct {
	hub    *hub
	who    *gate.Principal // as of the last check; nil for the operator
	secret access.Secret
	owner  string
	news   chan event // closed when the client fell behind, or the store has closed

	conn     net.Conn
	gone     chan struct{} // the client has disconnected
	stopping <-chan struct{}
	beat     <-chan time.Time
	stopBeat func()
	out      bytes.Buffer
	count    int
	at       string // the server's position, as far as this client was told
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
	if st.who == nil || st.who.Actor.IsOperator() {
		st.who = nil // nothing ends the operator's stream, in whose name they act does not matter
		return st
	}
	if st.owner = string(st.who.Actor.Member); st.who.Actor.Token != "" {
		st.owner = string(st.who.Actor.Token)
		token, _ := web.BearerToken(c.Get(fiber.HeaderAuthorization))
		st.secret = access.Secret(strings.Clone(token))
		return st
	}
	st.secret = web.SecretOf(c)
	return st
}

// begin sends the greeting, and starts to watch for the client's disconnection.
func (st *stream) begin(again bool) {
	st.beat, st.stopBeat = st.hub.every(beatEvery)
	fmt.Fprintf(&st.out, "retry: 1000\nid: %d\n\n", st.count)
	st.at = st.hub.position() // after add: whatever is later comes as an event
	if again {
		st.tell(tellReload, []byte("{}"))
	}
	if st.reads() {
		st.tell(tellHello, []byte("{}"))
	}
	if st.reads() {
		if data, err := st.hub.overview(st.hub.stopped); err == nil {
			st.tell(topicOverview, data)
		}
	}
	go st.listen()
}

// listen notices that the client has disconnected. The client has nothing more to
// send: any input also ends the stream.
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

// Read waits for the next event.
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

// Close ends the stream.
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

// hear passes on a change that this client may see, and checks the principal
// again when the change may affect it.
func (st *stream) hear(ctx context.Context, n event) {
	if st.hub.confirm(ctx) != nil {
		st.ended = true // a machine that is not sure that it leads tells nobody anything
		return
	}
	st.at = n.at
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
// report.
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

// pass sends a change to a client that may read members.
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
	id := strconv.Itoa(st.count)
	if st.reads() {
		id = st.at
	}
	fmt.Fprintf(&st.out, "id: %s\nevent: %s\ndata: %s\n\n", id, event, data)
}
