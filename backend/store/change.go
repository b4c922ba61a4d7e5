package store

import (
	"context"
	"strings"
	"time"

	"doorward/backend/store/kv"
)

// A Topic is what a change is about.
type Topic string

const (
	MemberChanged       Topic = "member"        // ID: the member's
	LoginRequestChanged Topic = "login-request" // ID: the member's
	MessageChanged      Topic = "message"       // ID: the email's
	OverviewChanged     Topic = "overview"
	SessionChanged      Topic = "session" // ID: the hash, raw
	TokenChanged        Topic = "token"   // ID: the token's
	RolesChanged        Topic = "roles"
	AuditAdded          Topic = "audit"
	DueChanged          Topic = "due"    // something new falls due; At: when
	MessageDue          Topic = "outbox" // an email waits to be sent
	SignInRequested     Topic = "ask"    // somebody waits for a sign-in email
	ChangesMissed       Topic = "missed" // changes were lost: read again
)

// A Change is one thing that a commit changed.
type Change struct {
	Topic Topic
	ID    string
	At    time.Time
}

// changes are what a commit's events mean.
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
	k := string(e.Key)
	if len(k) == 1 {
		t, ok := map[string]Topic{"c": OverviewChanged, "v": RolesChanged, "h": AuditAdded}[k]
		return Change{Topic: t}, ok
	}
	if strings.HasPrefix(k, decoyLane) {
		return Change{Topic: MessageDue}, !e.Deleted
	}
	tail := func() string { return k[max(2, len(k)-idLength):] }
	switch k[:2] {
	case "m/":
		return Change{Topic: MemberChanged, ID: k[2:]}, true
	case "q/":
		return Change{Topic: LoginRequestChanged, ID: tail()}, true
	case "o/":
		return Change{Topic: MessageChanged, ID: k[2:]}, true
	case "s/":
		return Change{Topic: SessionChanged, ID: k[2:]}, true
	case "k/":
		return Change{Topic: TokenChanged, ID: k[2:]}, true
	case "x/", "P/":
		return Change{Topic: DueChanged, At: timeOf(e.Key[2:10])}, !e.Deleted
	case "d/", "Q/":
		return Change{Topic: MessageDue}, !e.Deleted
	case "B/":
		return Change{Topic: SignInRequested}, !e.Deleted
	case "U/":
		return Change{Topic: OverviewChanged}, true
	}
	return Change{}, false
}

// Watch tells of changes as they are committed, in order, until ctx ends. A
// reader that is too slow is told Missed and goes on from there.
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
