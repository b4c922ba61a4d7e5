package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// A member is the part of the API's member that the verbs use.
type member struct {
	ID              string    `json:"id"`
	Email           string    `json:"email"`
	Name            string    `json:"name"`
	State           string    `json:"state"`
	Roles           []string  `json:"roles"`
	InvitedBy       string    `json:"invited_by"`
	InvitedAt       time.Time `json:"invited_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	AcceptedAt      time.Time `json:"accepted_at"`
	EmailVerifiedAt time.Time `json:"email_verified_at"`
	LinkHandedBy    string    `json:"link_handed_over_by"`
	InviterMayNot   bool      `json:"inviter_may_not"`
	LastSignInAt    time.Time `json:"last_sign_in_at"`
	Note            string    `json:"note"`
	Delivery        *delivery `json:"delivery"`
}

// A delivery is the state of the member's last email.
type delivery struct {
	State  string    `json:"state"`
	Detail string    `json:"detail"`
	At     time.Time `json:"at"`
}

func (m member) called() string {
	if m.Name == "" {
		return m.Email
	}
	return m.Name + " <" + m.Email + ">"
}

func (m member) with() string { return text.List(m.Roles) }

// say writes the state of the email, as a sentence.
func (d *delivery) say(w io.Writer) {
	if d == nil {
		return
	}
	switch d.State {
	case "queued":
		fmt.Fprintln(w, "The email is queued.")
	case "sent":
		fmt.Fprintln(w, "The mail server accepted the email.")
	case "held":
		fmt.Fprintln(w, "No mail server is set up, so the email is held here: doorward outbox")
	case "retrying":
		fmt.Fprintf(w, "The email will be retried: %s\n", plain(d.Detail))
	case "failed":
		fmt.Fprintf(w, "The email failed: %s\n", plain(d.Detail))
	case "withdrawn":
		fmt.Fprintf(w, "The email was withdrawn: %s\n", plain(d.Detail))
	}
}

// access says what a member may do now, as a sentence.
func (m member) access() string {
	return fmt.Sprintf("%s is %s, with %s.", plain(m.called()), m.State, plain(m.with()))
}

func membersOf(items []json.RawMessage) ([]member, error) {
	all := make([]member, len(items))
	for i, raw := range items {
		if err := read(raw, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// each does a verb to every member in args. A failure is printed, with the
// member's name if there are several, and does not keep the others from being
// done.
func (r *run) each(args []string, do func(who string) error) error {
	failed := false
	for _, who := range args {
		if err := do(strings.TrimSpace(who)); err != nil {
			r.tell(naming(who, err, len(args) > 1))
			failed = true
		}
	}
	if failed {
		return errTold
	}
	return nil
}

// eachMember is each, for verbs that need the member first.
func (r *run) eachMember(a *api, args []string, do func(member) error) error {
	return r.each(args, func(who string) error {
		m, _, err := a.find(who)
		if err != nil {
			return err
		}
		return do(m)
	})
}

// naming adds who to an error that does not name them.
func naming(who string, err error, several bool) error {
	said := explain(err)
	if !several || strings.Contains(strings.ToLower(said), strings.ToLower(who)) {
		return err
	}
	return access.Errorf(access.Invalid, "%s: %s", access.Shorten(who, 80), said)
}
