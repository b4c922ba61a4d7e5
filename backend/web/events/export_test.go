package events

import (
	"io"
	"net"
	"time"
)

// The limits of streams.
const (
	MaxStreamsEach = maxStreamsEach
	StreamBuffer   = streamBuffer
)

// SetTicker makes streams check at the ticks of every.
func (e *Events) SetTicker(every func(time.Duration) (tick <-chan time.Time, stop func())) {
	e.hub.every = every
}

// Slow is an operator's stream to a client that has not read anything yet.
func (e *Events) Slow(conn net.Conn) (io.ReadCloser, error) {
	st := &stream{
		hub:      e.hub,
		owner:    "operator",
		news:     make(chan event, streamBuffer),
		conn:     conn,
		gone:     make(chan struct{}),
		stopping: make(chan struct{}),
		stopBeat: func() {},
	}
	return st, e.hub.add(st)
}

// Publish reports a change of a member.
func (e *Events) Publish(id string) { e.hub.publish(event{topic: topicMember, id: id}) }

// Len returns the number of streams.
func (e *Events) Len() int {
	e.hub.mu.Lock()
	defer e.hub.mu.Unlock()
	return len(e.hub.streams)
}
