package store

import (
	"context"
	"time"

	"doorward/backend/store/kv"
)

// A Topic is what a change is about.
type Topic string

const (
	MemberChanged       Topic = "member"        // ID: the member's id
	LoginRequestChanged Topic = "login-request" // ID: the member's id
	MessageChanged      Topic = "message"       // ID: the email's id
	OverviewChanged     Topic = "overview"
	SessionChanged      Topic = "session" // ID: the raw hash
	TokenChanged        Topic = "token"   // ID: the token's id
	RolesChanged        Topic = "roles"
	SettingsChanged     Topic = "settings"
	AuditAdded          Topic = "audit"
	DueChanged          Topic = "due"     // something new is due; At: when
	MessageDue          Topic = "outbox"  // an email waits to be sent
	SignInRequested     Topic = "ask"     // somebody waits for a sign-in email
	MachinesChanged     Topic = "machine" // ID: the machine's id; none: the schema
	ChangesMissed       Topic = "missed"  // changes were lost: read everything again
)

// A Change is one thing that a commit changed.
type Change struct {
	Topic Topic
	ID    string
	At    time.Time
}

// changes translates the events of a commit.
func changes(events []kv.Event) []Change {
	all := make([]Change, 0, len(events))
	for _, e := range events {
		if c, ok := change(e); ok {
			all = append(all, c)
		}
	}
	return all
}

func change(e kv.Event) (Change, bool) {
	if e.Resync {
		return Change{Topic: ChangesMissed}, true
	}
	r := recordOf(e.Key)
	if r == nil || r.topic == "" || r.whenSet && e.Deleted {
		return Change{}, false
	}
	c := Change{Topic: r.topic}
	switch r.tells {
	case tellRef:
		c.ID = r.prefix.ref(e.Key)
	case tellLastID:
		c.ID = lastID(e.Key)
	case tellTime:
		c.At = r.prefix.refTime(e.Key)
	}
	return c, true
}

// Watch sends changes in the order of their commits, until ctx ends. A reader that is too
// slow gets ChangesMissed and continues from there.
func (s *Store) Watch(ctx context.Context) (<-chan Change, error) {
	events, err := s.kv.Watch(ctx, nil)
	if err != nil {
		return nil, s.explain(err)
	}
	out := make(chan Change)
	go func() {
		defer close(out)
		for e := range events {
			c, ok := change(e)
			if !ok {
				continue
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
