package access

import (
	"slices"
	"time"
)

// A State is the state of a member's account. Rejected and removed are not states: such a
// member is deleted.
type State string

const (
	Pending   State = "pending"   // invited, awaiting an Admin's decision
	Active    State = "active"    // approved
	Suspended State = "suspended" // locked out until unsuspended
)

// ParseState returns the state with that name.
func ParseState(s string) (State, error) {
	switch State(s) {
	case Pending, Active, Suspended:
		return State(s), nil
	}
	return "", Errorf(Invalid, "There is no state %q. Use pending, active or suspended.", Shorten(s, 40)).
		On("state").WithCode("unknown_state")
}

// A Status is what people are told about an account: the state, and of a pending one how
// far it has come.
type Status string

const (
	StatusInvited   Status = "invited"  // pending; the invitation is open
	StatusExpired   Status = "expired"  // pending; the invitation expired before it was accepted
	StatusAccepted  Status = "accepted" // pending; accepted, and ready to review
	StatusActive    Status = "active"
	StatusSuspended Status = "suspended"
)

// ParseStatus returns the status with that name.
func ParseStatus(s string) (Status, error) {
	switch Status(s) {
	case StatusInvited, StatusExpired, StatusAccepted, StatusActive, StatusSuspended:
		return Status(s), nil
	}
	return "", Errorf(Invalid, "There is no status %q. Use invited, expired, accepted, active or suspended.",
		Shorten(s, 40)).On("status").WithCode("unknown_status")
}

// State is the state of members with that status.
func (s Status) State() State {
	switch s {
	case StatusActive, StatusSuspended:
		return State(s)
	}
	return Pending
}

// Status is what people are told about the member's account. An invitation counts as open
// until its expiry is recorded, which happens when it falls due.
func (m *Member) Status() Status {
	switch {
	case m.State != Pending:
		return Status(m.State)
	case !m.JoinedAt().IsZero():
		return StatusAccepted
	case m.Invitation.Expired:
		return StatusExpired
	}
	return StatusInvited
}

// How long things last, unless an Admin sets something else.
const (
	DefaultInvitationTTL = 7 * 24 * time.Hour  // an invitation's link
	MinInvitationTTL     = time.Hour           // the shortest that an Admin may set
	MaxInvitationTTL     = 30 * 24 * time.Hour // the longest
	PendingTTL           = 30 * 24 * time.Hour // a pending account that nobody decided on
	maxInvitationDays    = int(MaxInvitationTTL / (24 * time.Hour))
	DigestInterval       = 15 * time.Minute // between two emails to Admins about waiting people, at least
	SignInTTL            = 15 * time.Minute // a login link or code that was requested
	// a sign-in link that works in any browser, while no other email may be requested
	AnyBrowserLinkTTL = 24 * time.Hour
	RescueLinkTTL     = 15 * time.Minute    // a login link printed on the server's own shell
	RemindBefore      = 24 * time.Hour      // before an invitation expires
	UsedLinkTTL       = 30 * 24 * time.Hour // a used link still offers a new email
)

// A Member is a person with an account, from the moment of their invitation.
type Member struct {
	ID         MemberID   `json:"id"`
	Email      Address    `json:"email"`
	Name       string     `json:"name,omitempty"`
	Language   Language   `json:"language,omitempty"` // of their emails; empty: English
	State      State      `json:"state"`
	Roles      []RoleName `json:"roles"`
	Invitation Invitation `json:"invitation"`
	// when they first used a link or code from an email to the address
	EmailVerifiedAt time.Time `json:"proved_at,omitzero"`
	// when they first signed in, if by a link that was handed over: it proves nothing
	// about the address
	AcceptedAt   time.Time `json:"accepted_at,omitzero"`
	HandedOverBy Actor     `json:"handed_by,omitzero"` // who handed that link over
	Decision     Decision  `json:"decision,omitzero"`
	LastSignIn   time.Time `json:"last_sign_in,omitzero"`
	Note         string    `json:"note,omitempty"` // the member's, to the approver
	// what Admins write about the member for each other; the member never sees it
	InternalNote   string     `json:"internal_note,omitempty"`
	Message        MessageID  `json:"letter,omitempty"`  // the last invitation or sign-in email
	Link           SecretHash `json:"link,omitzero"`     // the open invitation link
	AnyBrowserLink SecretHash `json:"any_link,omitzero"` // newest sign-in link for any browser
	// incremented when the member gains permissions; older sessions then get a new id
	PermissionRevision int `json:"rights,omitempty"`
	// incremented when all access is revoked at once: older sessions, links and codes
	// become void
	Epoch int `json:"epoch,omitempty"`
	// incremented when all API tokens are revoked at once: older ones become void
	TokenEpoch       int       `json:"token_epoch,omitempty"`
	MuteDigest       bool      `json:"quiet,omitempty"`   // wants no emails about pending people
	SetBack          time.Time `json:"set_back,omitzero"` // when the member last lost permissions
	LastStatusChange Decision  `json:"standing,omitzero"` // the last suspension or unsuspension
	Undo             *Undo     `json:"undo,omitempty"`    // what the last change replaced, if it can be undone
}

// An Invitation is an Admin's offer to one address.
type Invitation struct {
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
	TTL       Duration  `json:"lasts"`
	Undecided Duration  `json:"undecided,omitempty"` // after which the pending account is removed; zero: PendingTTL
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Note      string    `json:"note,omitempty"` // the Admin's, shown in the email
	Reminded  bool      `json:"reminded,omitempty"`
	Expired   bool      `json:"ended,omitempty"` // the link expired before it was used
}

// A Duration is a time.Duration stored in seconds.
type Duration int64

// Seconds converts d, which must be whole seconds.
func Seconds(d time.Duration) Duration { return Duration(d / time.Second) }

// Std converts to a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Second }

// A Decision is the decision on a login request, made once, or a later one on the account.
type Decision struct {
	By Actor     `json:"by"`
	At time.Time `json:"at"`
}

// DisplayName is how to address the member: by name if there is one, else by address.
func (m *Member) DisplayName() string {
	if m.Name != "" {
		return m.Name
	}
	return m.Email.Typed
}

// Has reports whether the member holds the role.
func (m *Member) Has(role RoleName) bool { return slices.Contains(m.Roles, role) }

// IsAdmin reports whether the member is an active Admin. At least one must always remain.
func (m *Member) IsAdmin() bool { return m.State == Active && m.Has(Admin) }

// NewMember makes a pending member with an address, whose invitation has begun. Without roles,
// or with a time outside the bounds, it is Invalid; without a time it lasts as by default.
func NewMember(id MemberID, to Address, name string, roles []RoleName, note string, lasts time.Duration, actor Actor,
	now time.Time) (Member, error) {
	m := Member{ID: id, Email: to, Name: name, State: Pending, Roles: roles}
	if lasts == 0 {
		lasts = DefaultInvitationTTL
	}
	if lasts < MinInvitationTTL || lasts > MaxInvitationTTL {
		return m, Errorf(Invalid, "An invitation can last from 1 hour to %d days.", maxInvitationDays).
			On("expires_in").WithCode("expiry_out_of_range")
	}
	if len(roles) == 0 {
		return m, Errorf(Invalid, "Choose at least one role for the invitation.").On("roles").WithCode("role_missing")
	}
	m.Invitation = Invitation{By: actor, At: now, Note: note, TTL: Seconds(lasts), ExpiresAt: now.Add(lasts)}
	return m, nil
}

// Renew restarts the invitation's time, for the same address. A member who was approved, or
// has accepted already, needs no invitation: Conflict.
func (m *Member) Renew(now time.Time) error {
	switch {
	case m.State != Pending:
		return Errorf(Conflict, "%s was already approved. They can request a link on the sign-in page.", m.Email).
			WithCode("already_member")
	case !m.JoinedAt().IsZero():
		return Errorf(Conflict,
			"%s has already accepted the invitation. They can request a link on the sign-in page.",
			m.Email).WithCode("already_accepted")
	}
	m.Invitation.ExpiresAt = now.Add(m.Invitation.TTL.Std())
	m.Invitation.Reminded, m.Invitation.Expired = false, false
	return nil
}

// ExpireInvitation marks the invitation as expired if its time is over.
func (m *Member) ExpireInvitation(now time.Time) bool {
	if m.State != Pending || !m.JoinedAt().IsZero() || m.Invitation.Expired || now.Before(m.Invitation.ExpiresAt) {
		return false
	}
	m.Invitation.Expired = true
	return true
}

// RemovedAt is when a pending account without a decision is removed.
func (m *Member) RemovedAt() time.Time {
	from := m.Invitation.At
	if came := m.JoinedAt(); came.After(from) {
		from = came
	}
	removed := from.Add(m.UndecidedTTL())
	if end := m.Invitation.ExpiresAt; end.After(removed) {
		return end
	}
	return removed
}

// UndecidedTTL is how long the pending account is kept without a decision: what was set when
// the member was invited.
func (m *Member) UndecidedTTL() time.Duration {
	if d := m.Invitation.Undecided; d != 0 {
		return d.Std()
	}
	return PendingTTL
}

// NextDue is when something next happens to the member automatically: the reminder, the
// expiry of the invitation, the removal of the pending account. Zero: never.
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

// JoinedAt is when the member first signed in, by any kind of link; zero if they have not
// yet.
func (m *Member) JoinedAt() time.Time {
	if m.AcceptedAt.IsZero() {
		return m.EmailVerifiedAt
	}
	return m.AcceptedAt
}

// Accept records that an invited member used a link that was handed over. The link was
// not in the mailbox, so it proves nothing about the address. Accept reports whether this
// is the member's first sign-in.
func (m *Member) Accept(handed Actor, now time.Time) bool {
	if !m.JoinedAt().IsZero() || m.Invitation.TTL == 0 {
		return false
	}
	m.AcceptedAt, m.HandedOverBy, m.Invitation.Expired = now, handed, false
	return true
}

// VerifyEmail records that the member controls the address: they used an email sent to it.
// It reports whether this is the first time.
func (m *Member) VerifyEmail(now time.Time) bool {
	if !m.EmailVerifiedAt.IsZero() {
		return false
	}
	m.EmailVerifiedAt, m.Invitation.Expired = now, false
	return true
}

// Approve activates a pending member with these roles. A decision is final and needs a
// second person. A refused approval leaves the member unchanged.
func (m *Member) Approve(actor Actor, roles []RoleName, now time.Time) error {
	if err := m.decidable(actor); err != nil {
		return err
	}
	before := *m
	if len(roles) > 0 {
		m.Roles = roles
	}
	m.State, m.Decision = Active, Decision{By: actor, At: now}
	m.PermissionRevision++
	m.undoable(before, actor, ActionApprove, now)
	return nil
}

// Reject checks whether a pending member may be rejected; the caller deletes. Nobody decides
// on themselves (own_request), and a decision stands (already_decided).
func (m *Member) Reject(actor Actor) error { return m.decidable(actor) }

func (m *Member) decidable(actor Actor) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot decide on your own request. Another Admin can.").WithCode("own_request")
	case m.State != Pending:
		return Errorf(Conflict, "This request was already approved.").WithCode("already_decided")
	}
	return nil
}

// ChangeRoles replaces the member's roles. If the member gains permissions, their sessions
// get new ids. Nobody changes their own (own_roles), and without a role it is Invalid: that is
// what suspending is for. The caller sees to it that an Admin is left.
func (m *Member) ChangeRoles(actor Actor, roles []RoleName, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot change your own roles. Another Admin can.").WithCode("own_roles")
	case len(roles) == 0:
		return Errorf(Invalid, "Choose at least one role. To keep %s out, suspend or remove them.", m.DisplayName()).
			On("roles").WithCode("role_missing")
	}
	before := *m
	gains := slices.ContainsFunc(roles, func(r RoleName) bool { return !m.Has(r) })
	if gains {
		m.PermissionRevision++
	}
	if slices.ContainsFunc(m.Roles, func(r RoleName) bool { return !slices.Contains(roles, r) }) {
		m.SetBack = now
	}
	m.Roles = roles
	if gains || len(roles) != len(before.Roles) {
		m.undoable(before, actor, ActionChangeRoles, now)
	}
	return nil
}

// Suspend locks an active member out until they are unsuspended. Sessions from before stay
// closed then. It is Conflict for a pending member, about whom a decision is made instead, and
// for one who is suspended. Nobody suspends themselves.
func (m *Member) Suspend(actor Actor, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot suspend yourself. Another Admin can.").WithCode("own_account")
	case m.State == Suspended:
		return Errorf(Conflict, "%s is already suspended.", m.DisplayName()).WithCode("already_suspended")
	case m.State == Pending:
		return Errorf(Conflict, "%s is still waiting for a decision. Approve or reject the request instead.",
			m.DisplayName()).WithCode("still_pending")
	}
	before := *m
	m.State, m.SetBack = Suspended, now
	m.LastStatusChange = Decision{By: actor, At: now}
	m.Epoch++
	m.undoable(before, actor, ActionSuspend, now)
	return nil
}

// Unsuspend lets a suspended member in again, with the roles they had; any other member is
// Conflict (not_suspended).
func (m *Member) Unsuspend(actor Actor, now time.Time) error {
	switch {
	case actor.Member == m.ID:
		return Errorf(Forbidden, "You cannot restore yourself. Another Admin can.").WithCode("own_account")
	case m.State != Suspended:
		return Errorf(Conflict, "%s is not suspended.", m.DisplayName()).WithCode("not_suspended")
	}
	m.State, m.LastStatusChange, m.Undo = Active, Decision{By: actor, At: now}, nil
	m.PermissionRevision++
	return nil
}

// WriteNote replaces the internal note about the member, which may have several lines. Nobody
// writes about themselves; a note that is refused leaves the one that was there.
func (m *Member) WriteNote(actor Actor, note string) error {
	if actor.Member == m.ID {
		return Errorf(Forbidden, "You cannot write a note about yourself. Another Admin can.").WithCode("own_account")
	}
	clean, err := CleanLines("note", note, MaxInternalNote)
	if err == nil {
		m.InternalNote = clean
	}
	return err
}

// Remove checks whether this actor may remove the member; the caller deletes.
func (m *Member) Remove(actor Actor) error {
	if actor.Member == m.ID {
		return Errorf(Forbidden, "You cannot remove yourself. Another Admin can.").WithCode("own_account")
	}
	return nil
}

// LastAdmin is the refusal of a change that would leave no active Admin.
func LastAdmin() *Error {
	return Errorf(Conflict, "This is the last active Admin. Make someone else an Admin first.").WithCode("last_admin")
}
