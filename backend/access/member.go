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
	return "", Errorf(Invalid, "There is no state %q. Use pending, active or suspended.", Shorten(s, 40)).
		On("state").WithCode("unknown_state")
}

// How long things last unless an Admin says otherwise.
const (
	DefaultInvitationTTL = 7 * 24 * time.Hour  // an invitation's link
	MinInvitationTTL     = time.Hour           // the least an Admin may set
	MaxInvitationTTL     = 30 * 24 * time.Hour // the most
	PendingTTL           = 30 * 24 * time.Hour // a pending account that nobody decides
	SignInTTL            = 15 * time.Minute    // a login link or code that was asked for
	// a sign-in link that opens in any browser, while no other email may be asked for
	AnyBrowserLinkTTL = 24 * time.Hour
	RescueLinkTTL     = 15 * time.Minute    // a login link printed on the server's own shell
	RemindBefore      = 24 * time.Hour      // an invitation's last day
	UsedLinkTTL       = 30 * 24 * time.Hour // a link past its use still offers a fresh email
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
	EmailVerifiedAt time.Time `json:"proved_at,omitzero"`
	// when they first came, where that was by a link that was handed over: it proves nothing of the address
	AcceptedAt     time.Time  `json:"accepted_at,omitzero"`
	HandedOverBy   Actor      `json:"handed_by,omitzero"` // who handed that link over
	Decision       Decision   `json:"decision,omitzero"`
	LastSignIn     time.Time  `json:"last_sign_in,omitzero"`
	Note           string     `json:"note,omitempty"`    // theirs, to the approver
	Message        MessageID  `json:"letter,omitempty"`  // the last invitation or sign-in email, for its delivery
	Link           SecretHash `json:"link,omitzero"`     // the open invitation link
	AnyBrowserLink SecretHash `json:"any_link,omitzero"` // the newest sign-in link that opens in any browser
	// rises with each rise of rights; older sessions get a new id
	PermissionRevision int `json:"rights,omitempty"`
	// rises when all is closed at once: older sessions, links and codes are worth nothing
	Epoch int `json:"epoch,omitempty"`
	// rises when all API tokens are revoked at once: older ones are worth nothing
	TokenEpoch       int       `json:"token_epoch,omitempty"`
	MuteDigest       bool      `json:"quiet,omitempty"`   // wants no emails about people waiting
	SetBack          time.Time `json:"set_back,omitzero"` // when access last became less
	LastStatusChange Decision  `json:"standing,omitzero"` // the last suspension or restoring
}

// An Invitation is an Admin's offer to one address.
type Invitation struct {
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
	TTL       Duration  `json:"lasts"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Note      string    `json:"note,omitempty"` // the Admin's, shown in the email
	Reminded  bool      `json:"reminded,omitempty"`
	Expired   bool      `json:"ended,omitempty"` // the link's time ran out before it was opened
}

// A Duration is a time.Duration kept in seconds.
type Duration int64

// Seconds makes a Duration of d, whole seconds.
func Seconds(d time.Duration) Duration { return Duration(d / time.Second) }

// Std is the standard library's duration.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Second }

// A Decision is what was made of a login request, once, or of an account.
type Decision struct {
	By Actor     `json:"by"`
	At time.Time `json:"at"`
}

// DisplayName is how to address the member: the name, else the address.
func (m *Member) DisplayName() string {
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

// NewMember makes a pending member of an address.
func NewMember(id MemberID, to Address, name string, roles []RoleName, note string, lasts time.Duration, actor Actor,
	now time.Time) (Member, error) {
	m := Member{ID: id, Email: to, Name: name, State: Pending, Roles: roles}
	if lasts == 0 {
		lasts = DefaultInvitationTTL
	}
	if lasts < MinInvitationTTL || lasts > MaxInvitationTTL {
		return m, Errorf(Invalid, "An invitation can last from 1 hour to 30 days.").
			On("expires_in").WithCode("expiry_out_of_range")
	}
	if len(roles) == 0 {
		return m, Errorf(Invalid, "Choose at least one role for the invitation.").On("roles").WithCode("role_missing")
	}
	m.Invitation = Invitation{By: actor, At: now, Note: note, TTL: Seconds(lasts), ExpiresAt: now.Add(lasts)}
	return m, nil
}

// Renew starts the invitation's time again, for the same address.
func (m *Member) Renew(now time.Time) error {
	switch {
	case m.State != Pending:
		return Errorf(Conflict, "%s was let in already. They can ask for a letter on the sign-in page.", m.Email).
			WithCode("already_member")
	case !m.JoinedAt().IsZero():
		return Errorf(Conflict, "%s has opened the invitation already. They can ask for a letter on the sign-in page.",
			m.Email).WithCode("already_accepted")
	}
	m.Invitation.ExpiresAt = now.Add(m.Invitation.TTL.Std())
	m.Invitation.Reminded, m.Invitation.Expired = false, false
	return nil
}

// ExpireInvitation marks the invitation as expired, if it has.
func (m *Member) ExpireInvitation(now time.Time) bool {
	if m.State != Pending || !m.JoinedAt().IsZero() || m.Invitation.Expired || now.Before(m.Invitation.ExpiresAt) {
		return false
	}
	m.Invitation.Expired = true
	return true
}

// RemovedAt is when a pending account that nobody has decided ends.
func (m *Member) RemovedAt() time.Time {
	from := m.Invitation.At
	if came := m.JoinedAt(); came.After(from) {
		from = came
	}
	if end := m.Invitation.ExpiresAt; end.After(from.Add(PendingTTL)) {
		return end
	}
	return from.Add(PendingTTL)
}

// NextDue is when something next happens to the member by itself: the reminder,
// the invitation's end, the pending account's end. Zero: never.
func (m *Member) NextDue() time.Time {
	switch {
	case m.State != Pending:
		return time.Time{}
	case !m.JoinedAt().IsZero() || m.Invitation.Expired:
		return m.RemovedAt()
	case m.remindable():
		return m.Invitation.ExpiresAt.Add(-RemindBefore)
	}
	return m.Invitation.ExpiresAt
}

func (m *Member) remindable() bool {
	return !m.Invitation.Reminded && m.Invitation.TTL.Std() >= 2*RemindBefore
}

// Remind reports, once, that the invitation is in its last day.
func (m *Member) Remind(now time.Time) bool {
	if m.State != Pending || !m.JoinedAt().IsZero() || !m.remindable() ||
		now.Before(m.Invitation.ExpiresAt.Add(-RemindBefore)) || !now.Before(m.Invitation.ExpiresAt) {
		return false
	}
	m.Invitation.Reminded = true
	return true
}

// JoinedAt is when they first came, by whatever way; zero: they have not yet.
func (m *Member) JoinedAt() time.Time {
	if m.AcceptedAt.IsZero() {
		return m.EmailVerifiedAt
	}
	return m.AcceptedAt
}

// Accept records that an invited member came by a link that somebody handed
// over. It was not in the mailbox, so it proves nothing of the address. It
// reports whether this is the first time that they came.
func (m *Member) Accept(handed Actor, now time.Time) bool {
	if !m.JoinedAt().IsZero() || m.Invitation.TTL == 0 {
		return false
	}
	m.AcceptedAt, m.HandedOverBy, m.Invitation.Expired = now, handed, false
	return true
}

// VerifyEmail records that the member holds the address: an email to it was opened.
// It reports whether this is the first time.
func (m *Member) VerifyEmail(now time.Time) bool {
	if !m.EmailVerifiedAt.IsZero() {
		return false
	}
	m.EmailVerifiedAt, m.Invitation.Expired = now, false
	return true
}

// Approve lets a pending member in, with these roles. A decision is final and
// takes a second person; a member who cannot be decided is left as they were.
func (m *Member) Approve(actor Actor, roles []RoleName, now time.Time) error {
	if err := m.decidable(actor); err != nil {
		return err
	}
	if len(roles) > 0 {
		m.Roles = roles
	}
	m.State, m.Decision = Active, Decision{By: actor, At: now}
	m.PermissionRevision++
	return nil
}

// Reject says whether a pending member may be turned away; the caller deletes.
func (m *Member) Reject(actor Actor) error { return m.decidable(actor) }

func (m *Member) decidable(actor Actor) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot decide your own request. Another Admin can.").WithCode("own_request")
	case m.State != Pending:
		return Errorf(Conflict, "This request was already approved.").WithCode("already_decided")
	}
	return nil
}

// ChangeRoles gives the member these roles instead. More rights than before
// mean new session ids.
func (m *Member) ChangeRoles(actor Actor, roles []RoleName, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot change your own roles. Another Admin can.").WithCode("own_roles")
	case len(roles) == 0:
		return Errorf(Invalid, "Choose at least one role. To keep %s out, suspend or remove them.", m.DisplayName()).
			On("roles").WithCode("role_missing")
	}
	if slices.ContainsFunc(roles, func(r RoleName) bool { return !m.Has(r) }) {
		m.PermissionRevision++
	}
	if slices.ContainsFunc(m.Roles, func(r RoleName) bool { return !slices.Contains(roles, r) }) {
		m.SetBack = now
	}
	m.Roles = roles
	return nil
}

// Suspend keeps an active member out until they are restored. What was open
// stays closed then.
func (m *Member) Suspend(actor Actor, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot suspend yourself. Another Admin can.").WithCode("own_account")
	case m.State == Suspended:
		return Errorf(Conflict, "%s is suspended already.", m.DisplayName()).WithCode("already_suspended")
	case m.State == Pending:
		return Errorf(Conflict, "%s is still waiting for a decision. Approve or reject the request instead.",
			m.DisplayName()).WithCode("still_pending")
	}
	m.State, m.SetBack = Suspended, now
	m.LastStatusChange = Decision{By: actor, At: now}
	m.Epoch++
	return nil
}

// Unsuspend lets a suspended member in again, with the roles they had.
func (m *Member) Unsuspend(actor Actor, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot restore yourself. Another Admin can.").WithCode("own_account")
	case m.State != Suspended:
		return Errorf(Conflict, "%s is not suspended.", m.DisplayName()).WithCode("not_suspended")
	}
	m.State, m.LastStatusChange = Active, Decision{By: actor, At: now}
	m.PermissionRevision++
	return nil
}

// Remove says whether the member may be removed by this actor; the caller
// deletes.
func (m *Member) Remove(actor Actor) error {
	if actor.Member == m.ID {
		return Errorf(Forbidden, "You cannot remove yourself. Another Admin can.").WithCode("own_account")
	}
	return nil
}
