package access

import (
	"slices"
	"time"
)

// A State is where a member stands. Rejected and removed are not states: such
// a member is deleted.
type State string

const (
	Pending   State = "pending"   // invited, and waiting for an Admin's decision
	Active    State = "active"    // let in
	Suspended State = "suspended" // kept out until restored
)

// ParseState returns the state of that name.
func ParseState(s string) (State, error) {
	switch State(s) {
	case Pending, Active, Suspended:
		return State(s), nil
	}
	return "", Errorf(Invalid, "There is no state %q. Use pending, active or suspended.", Shorten(s, 40)).On("state").WithCode("unknown_state")
}

// How long things last unless an Admin says otherwise.
const (
	DefaultInvitation = 7 * 24 * time.Hour  // an invitation's link
	ShortestInvite    = time.Hour           // the least an Admin may set
	LongestInvite     = 30 * 24 * time.Hour // the most
	PendingEnds       = 30 * 24 * time.Hour // a pending account that nobody decides
	SignInLasts       = 15 * time.Minute    // a login link or code that was asked for
	// a sign-in link that opens in any browser, while no other letter may be asked for
	AnyLinkLasts    = 24 * time.Hour
	RescueLasts     = 15 * time.Minute    // a login link printed on the server's own shell
	RemindBefore    = 24 * time.Hour      // an invitation's last day
	LinksRemembered = 30 * 24 * time.Hour // a link past its use still offers a fresh letter
)

// A Member is a person with an account, from the moment they are invited.
type Member struct {
	ID         MemberID   `json:"id"`
	Email      Address    `json:"email"`
	Name       string     `json:"name,omitempty"`
	State      State      `json:"state"`
	Roles      []RoleName `json:"roles"`
	Invitation Invitation `json:"invitation"`
	// when they first opened a link, or typed a code, that an email brought to the address
	ProvedAt time.Time `json:"proved_at,omitzero"`
	// when they first came, where that was by a link that was handed over: it proves nothing of the address
	AcceptedAt time.Time  `json:"accepted_at,omitzero"`
	HandedBy   By         `json:"handed_by,omitzero"` // who handed that link over
	Decision   Decision   `json:"decision,omitzero"`
	LastSignIn time.Time  `json:"last_sign_in,omitzero"`
	Note       string     `json:"note,omitempty"`    // theirs, to the approver
	Letter     LetterID   `json:"letter,omitempty"`  // the last invitation or sign-in letter, for its delivery
	Link       SecretHash `json:"link,omitzero"`     // the open invitation link
	AnyLink    SecretHash `json:"any_link,omitzero"` // the newest sign-in link that opens in any browser
	Rights     int        `json:"rights,omitempty"`  // rises with each rise of rights; older sessions get a new id
	// rises when all is closed at once: older sessions, links and codes are worth nothing
	Epoch int `json:"epoch,omitempty"`
	// rises when all API tokens are revoked at once: older ones are worth nothing
	TokenEpoch int       `json:"token_epoch,omitempty"`
	Quiet      bool      `json:"quiet,omitempty"`   // wants no letters about people waiting
	SetBack    time.Time `json:"set_back,omitzero"` // when access last became less
	Standing   Decision  `json:"standing,omitzero"` // the last suspension or restoring
}

// An Invitation is an Admin's offer to one address.
type Invitation struct {
	By        By        `json:"by"`
	At        time.Time `json:"at"`
	Lasts     Duration  `json:"lasts"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Note      string    `json:"note,omitempty"` // the Admin's, shown in the letter
	Reminded  bool      `json:"reminded,omitempty"`
	Ended     bool      `json:"ended,omitempty"` // the link's time ran out before it was opened
}

// A Duration is a time.Duration kept in seconds.
type Duration int64

// Seconds makes a Duration of d, whole seconds.
func Seconds(d time.Duration) Duration { return Duration(d / time.Second) }

// Std is the standard library's duration.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Second }

// A Decision is what was made of a login request, once, or of an account.
type Decision struct {
	By By        `json:"by"`
	At time.Time `json:"at"`
}

// Called is how to address the member: the name, else the address.
func (m *Member) Called() string {
	if m.Name != "" {
		return m.Name
	}
	return m.Email.Typed
}

// Has reports whether the member holds the role.
func (m *Member) Has(role RoleName) bool { return slices.Contains(m.Roles, role) }

// IsAdmin reports whether the member counts as an active Admin: at least one
// must always be left.
func (m *Member) IsAdmin() bool { return m.State == Active && m.Has(Admin) }

// Invite makes a pending member of an address.
func Invite(id MemberID, to Address, name string, roles []RoleName, note string, lasts time.Duration, by By, now time.Time) (Member, error) {
	m := Member{ID: id, Email: to, Name: name, State: Pending, Roles: roles}
	if lasts == 0 {
		lasts = DefaultInvitation
	}
	if lasts < ShortestInvite || lasts > LongestInvite {
		return m, Errorf(Invalid, "An invitation can last from 1 hour to 30 days.").On("expires_in").WithCode("expiry_out_of_range")
	}
	if len(roles) == 0 {
		return m, Errorf(Invalid, "Choose at least one role for the invitation.").On("roles").WithCode("role_missing")
	}
	m.Invitation = Invitation{By: by, At: now, Note: note, Lasts: Seconds(lasts), ExpiresAt: now.Add(lasts)}
	return m, nil
}

// Renew starts the invitation's time again, for the same address.
func (m *Member) Renew(now time.Time) error {
	switch {
	case m.State != Pending:
		return Errorf(Conflict, "%s was let in already. They can ask for a letter on the sign-in page.", m.Email).WithCode("already_member")
	case !m.Came().IsZero():
		return Errorf(Conflict, "%s has opened the invitation already. They can ask for a letter on the sign-in page.", m.Email).WithCode("already_accepted")
	}
	m.Invitation.ExpiresAt = now.Add(m.Invitation.Lasts.Std())
	m.Invitation.Reminded, m.Invitation.Ended = false, false
	return nil
}

// EndInvitation marks the invitation as expired, if it has.
func (m *Member) EndInvitation(now time.Time) bool {
	if m.State != Pending || !m.Came().IsZero() || m.Invitation.Ended || now.Before(m.Invitation.ExpiresAt) {
		return false
	}
	m.Invitation.Ended = true
	return true
}

// Abandoned is when a pending account that nobody has decided ends.
func (m *Member) Abandoned() time.Time {
	from := m.Invitation.At
	if came := m.Came(); came.After(from) {
		from = came
	}
	if end := m.Invitation.ExpiresAt; end.After(from.Add(PendingEnds)) {
		return end
	}
	return from.Add(PendingEnds)
}

// NextDue is when something next happens to the member by itself: the reminder,
// the invitation's end, the pending account's end. Zero: never.
func (m *Member) NextDue() time.Time {
	switch {
	case m.State != Pending:
		return time.Time{}
	case !m.Came().IsZero() || m.Invitation.Ended:
		return m.Abandoned()
	case m.remindable():
		return m.Invitation.ExpiresAt.Add(-RemindBefore)
	}
	return m.Invitation.ExpiresAt
}

func (m *Member) remindable() bool {
	return !m.Invitation.Reminded && m.Invitation.Lasts.Std() >= 2*RemindBefore
}

// Remind reports, once, that the invitation is in its last day.
func (m *Member) Remind(now time.Time) bool {
	if m.State != Pending || !m.Came().IsZero() || !m.remindable() ||
		now.Before(m.Invitation.ExpiresAt.Add(-RemindBefore)) || !now.Before(m.Invitation.ExpiresAt) {
		return false
	}
	m.Invitation.Reminded = true
	return true
}

// Came is when they first came, by whatever way; zero: they have not yet.
func (m *Member) Came() time.Time {
	if m.AcceptedAt.IsZero() {
		return m.ProvedAt
	}
	return m.AcceptedAt
}

// Accept records that an invited member came by a link that somebody handed
// over. It was not in the mailbox, so it proves nothing of the address. It
// reports whether this is the first time that they came.
func (m *Member) Accept(handed By, now time.Time) bool {
	if !m.Came().IsZero() || m.Invitation.Lasts == 0 {
		return false
	}
	m.AcceptedAt, m.HandedBy, m.Invitation.Ended = now, handed, false
	return true
}

// Prove records that the member holds the address: a letter to it was opened.
// It reports whether this is the first time.
func (m *Member) Prove(now time.Time) bool {
	if !m.ProvedAt.IsZero() {
		return false
	}
	m.ProvedAt, m.Invitation.Ended = now, false
	return true
}

// Approve lets a pending member in, with these roles. A decision is final and
// takes a second person; a member who cannot be decided is left as they were.
func (m *Member) Approve(by By, roles []RoleName, now time.Time) error {
	if err := m.decidable(by); err != nil {
		return err
	}
	if len(roles) > 0 {
		m.Roles = roles
	}
	m.State, m.Decision = Active, Decision{By: by, At: now}
	m.Rights++
	return nil
}

// Reject says whether a pending member may be turned away; the caller deletes.
func (m *Member) Reject(by By) error { return m.decidable(by) }

func (m *Member) decidable(by By) error {
	switch {
	case by.Member == m.ID:
		return Errorf(Forbidden, "You cannot decide your own request. Another Admin can.").WithCode("own_request")
	case m.State != Pending:
		return Errorf(Conflict, "This request was already approved.").WithCode("already_decided")
	}
	return nil
}

// ChangeRoles gives the member these roles instead. More rights than before
// mean new session ids.
func (m *Member) ChangeRoles(by By, roles []RoleName, now time.Time) error {
	switch {
	case by.Member == m.ID:
		return Errorf(Forbidden, "You cannot change your own roles. Another Admin can.").WithCode("own_roles")
	case len(roles) == 0:
		return Errorf(Invalid, "Choose at least one role. To keep %s out, suspend or remove them.", m.Called()).On("roles").WithCode("role_missing")
	}
	if slices.ContainsFunc(roles, func(r RoleName) bool { return !m.Has(r) }) {
		m.Rights++
	}
	if slices.ContainsFunc(m.Roles, func(r RoleName) bool { return !slices.Contains(roles, r) }) {
		m.SetBack = now
	}
	m.Roles = roles
	return nil
}

// Suspend keeps an active member out until they are restored. What was open
// stays closed then.
func (m *Member) Suspend(by By, now time.Time) error {
	switch {
	case by.Member == m.ID:
		return Errorf(Forbidden, "You cannot suspend yourself. Another Admin can.").WithCode("own_account")
	case m.State == Suspended:
		return Errorf(Conflict, "%s is suspended already.", m.Called()).WithCode("already_suspended")
	case m.State == Pending:
		return Errorf(Conflict, "%s is still waiting for a decision. Approve or reject the request instead.", m.Called()).WithCode("still_pending")
	}
	m.State, m.SetBack = Suspended, now
	m.Standing = Decision{By: by, At: now}
	m.Epoch++
	return nil
}

// Restore lets a suspended member in again, with the roles they had.
func (m *Member) Restore(by By, now time.Time) error {
	switch {
	case by.Member == m.ID:
		return Errorf(Forbidden, "You cannot restore yourself. Another Admin can.").WithCode("own_account")
	case m.State != Suspended:
		return Errorf(Conflict, "%s is not suspended.", m.Called()).WithCode("not_suspended")
	}
	m.State, m.Standing = Active, Decision{By: by, At: now}
	m.Rights++
	return nil
}

// Remove says whether the member may be removed by this actor; the caller
// deletes.
func (m *Member) Remove(by By) error {
	if by.Member == m.ID {
		return Errorf(Forbidden, "You cannot remove yourself. Another Admin can.").WithCode("own_account")
	}
	return nil
}
