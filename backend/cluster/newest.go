package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"doorward/backend/access"
)

// A machine that was away knows who was a member when it left. If another one joined and leads
// since, its connections would be refused here, and with them the news that it is a member. So
// a machine asks those that it knows for the newest list (News), when one that it does not know
// shows a certificate of this cluster.

// News is who is a member, as of a place in the history of changes: of two, the one with the
// higher place is newer.
type News struct {
	At      uint64   `json:"at"`
	Members []Member `json:"members"`
	Status  Status   `json:"status"` // of the machine that tells them
}

// A Status is how a machine is, by its own account.
type Status struct {
	Now     time.Time `json:"now"` // its clock
	Version string    `json:"version"`
	Schema  int       `json:"schema"`           // of the store: the newest that its program knows
	Leader  NodeID    `json:"leader"`           // who leads, as far as it knows
	Applied uint64    `json:"applied"`          // how many entries of the log its copy has
	Free    uint64    `json:"free"`             // bytes of disk
	Floor   uint64    `json:"floor"`            // below which it takes no changes
	Ends    time.Time `json:"ends"`             // of its certificate
	Harmed  bool      `json:"harmed,omitempty"` // its copy is known to be damaged
}

// Low reports whether the machine takes no changes, for want of disk.
func (s Status) Low() bool { return s.Free < s.Floor }

// Ask asks another member for its News.
func (p *Port) Ask(ctx context.Context, id NodeID) (n News, err error) {
	c, err := p.dialWhere(ctx, news, func(m Member) bool { return m.ID == id }, string(id))
	if err != nil {
		return News{}, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if err := c.SetDeadline(time.Now().Add(p.o.Bounds.Within)); err != nil {
		return News{}, err
	}
	text, err := readMessage(c, maxAnswer)
	if err != nil {
		return News{}, err
	}
	return readNews(text)
}

// readNews reads what another machine tells. One with a newer version may tell more.
func readNews(text []byte) (n News, err error) {
	if err := json.Unmarshal(text, &n); err != nil {
		return News{}, err
	}
	if len(n.Members) > MaxMembers {
		return News{}, errors.New("the list of members is too long")
	}
	if !validVersion(n.Status.Version) {
		return News{}, errors.New("the version is not one")
	}
	return n, nil
}

// tell answers Ask, and closes the connection.
func (p *Port) tell(c *Conn) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(p.o.Bounds.Within)); err != nil {
		return err
	}
	n := News{At: p.o.At(), Members: slices.Clone(p.o.Members())}
	if p.o.Status != nil {
		n.Status = p.o.Status()
	}
	return writeMessage(c, n)
}

// stranger says that somebody was refused, and whether that is perhaps a member of which this
// machine has not heard.
func (p *Port) stranger(err error) {
	var e *access.Error
	if p.o.Unknown != nil && errors.As(err, &e) && e.Code == codeNotAMember {
		p.o.Unknown()
	}
}
