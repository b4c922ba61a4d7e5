package wire

import "time"

// stuckAfter is how long it may take to answer a stranger before their connection
// may be closed to make room.
const stuckAfter = 5 * time.Second

// A rank is the order in which connections are closed to make room: first silent
// strangers, then strangers whose response does not get through, then silent
// members. One that is being answered in time is never closed.
type rank int

const (
	never rank = iota
	silentMember
	stuckStranger
	silentStranger
)

func (c *Conn) rank(state, now int64) rank {
	member := c.member.Load()
	switch {
	case state > 0 && !member:
		return silentStranger
	case state < 0 && !member && now+state > int64(stuckAfter):
		return stuckStranger
	case state > 0:
		return silentMember
	}
	return never
}

// crowd returns how many connections the larger of its networks has.
func (c *Conn) crowd() int {
	n := 1
	if c.near != nil {
		n = c.near.n
	}
	if c.wide != nil {
		n = max(n, c.wide.n)
	}
	return n
}

// makeRoom closes the most dispensable of some connections: of the first rank,
// from the network with the most, the one that has been in that state the
// longest. false: none can be closed.
func (l *Listener) makeRoom(of func(*Conn) bool) bool {
	if !l.oust(of) {
		return false
	}
	l.say("there are as many connections as there may be; the silent make room")
	return true
}

func (l *Listener) oust(of func(*Conn) bool) bool {
	for range 8 { // the chosen one may have become active
		c, state := l.leastNeeded(of)
		if c == nil {
			return false
		}
		if c.state.CompareAndSwap(state, taken) {
			l.drop(c)
			l.held.Add(-c.charged.Swap(0))
			c.raw.Close()
			l.refused(c.raw.RemoteAddr())
			return true
		}
	}
	return false
}

func (l *Listener) leastNeeded(of func(*Conn) bool) (least *Conn, state int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now().UnixNano()
	best, crowd := never, 0
	for _, c := range l.conns {
		if of != nil && !of(c) {
			continue
		}
		s := c.state.Load()
		r, n := c.rank(s, now), c.crowd()
		if r == never || r < best {
			continue
		}
		if r > best || n > crowd || n == crowd && abs(s) < abs(state) {
			least, state, best, crowd = c, s, r, n
		}
	}
	return least, state
}

func abs(n int64) int64 { return max(n, -n) }
