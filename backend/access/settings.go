package access

import "time"

// Settings are the settings that an Admin can change while Doorward runs.
type Settings struct {
	Workspace     string   `json:"workspace"`
	InvitationTTL Duration `json:"invitation"` // how long invitations last by default

	Lifetimes Lifetimes `json:"lifetimes,omitempty"`

	// What was given at the start takes precedence over these.
	PublicURL string       `json:"public_url,omitempty"` // scheme and host; empty: the default
	Mail      MailSettings `json:"mail,omitzero"`

	ChecklistHidden bool  `json:"checklist_hidden,omitempty"` // nobody wants to see the setup checklist any more
	Brand           Brand `json:"brand,omitzero"`
}

// DefaultWorkspace is the workspace's name until an Admin sets one.
const DefaultWorkspace = "AI Loop"

// DefaultSettings are the settings of a new installation.
func DefaultSettings() Settings {
	return Settings{Workspace: DefaultWorkspace, InvitationTTL: Seconds(DefaultInvitationTTL)}
}

// Check reports what is wrong with the settings.
func (s Settings) Check() error {
	if s.Workspace == "" {
		return Errorf(Invalid, "Enter a name for the workspace.").On("workspace").WithCode("workspace_missing")
	}
	if d := s.InvitationTTL.Std(); d < MinInvitationTTL || d > MaxInvitationTTL {
		return Errorf(Invalid, "An invitation can last from 1 hour to %d days.", maxInvitationDays).
			On("invitation").WithCode("expiry_out_of_range")
	}
	if err := s.Lifetimes.Check(); err != nil {
		return err
	}
	if err := s.Brand.Check(); err != nil {
		return err
	}
	return CheckText("workspace", s.Workspace, MaxWorkspace)
}

// MailHealth is what is known about the connection to the mail server.
type MailHealth struct {
	Paused   bool      `json:"paused,omitempty"` // the queue is stopped by a fault that is not in the emails
	Detail   string    `json:"words,omitempty"`  // the mail server's reply, or our own sentence if it was not reached
	Since    time.Time `json:"since,omitzero"`
	TriedAt  time.Time `json:"tried_at,omitzero"` // when it was last found to persist
	NextTry  time.Time `json:"next_try,omitzero"`
	LastSent time.Time `json:"last_sent,omitzero"`

	// Refused is the last refusal for a reason that may concern all emails, if none was
	// sent since.
	Refused MailRefusal `json:"refused,omitzero"`
}

// A MailRefusal is what a mail server said of an email, and to whom that was.
type MailRefusal struct {
	Reason    string `json:"reason"`    // without what differs between two emails
	Detail    string `json:"detail"`    // the mail server's own words
	Recipient string `json:"recipient"` // canonical address
}

// Counters are updated with every change, so that nothing has to be listed to be counted.
type Counters struct {
	Pending   int                  `json:"pending"`
	Accepted  int                  `json:"proved"` // pending members who accepted, by any kind of link
	Active    int                  `json:"active"`
	Suspended int                  `json:"suspended"`
	Expired   int                  `json:"expired"` // pending members whose invitation expired
	Admins    int                  `json:"admins"`  // active Admins: never zero once there was one
	Roles     map[RoleName]int     `json:"roles,omitempty"`
	Messages  map[MessageState]int `json:"letters,omitempty"`
	Tokens    int                  `json:"tokens,omitempty"`

	// TokenRoles is how many API tokens have each role. It is nil, though there are tokens,
	// in a store of an older Doorward that a migration has yet to count.
	TokenRoles map[RoleName]int `json:"token_roles"`
}

// Members is the number of accounts.
func (c *Counters) Members() int { return c.Pending + c.Active + c.Suspended }

// WithStatus is the number of accounts with that status.
func (c *Counters) WithStatus(s Status) int {
	switch s {
	case StatusInvited:
		return c.Pending - c.Accepted - c.Expired
	case StatusExpired:
		return c.Expired
	case StatusAccepted:
		return c.Accepted
	case StatusActive:
		return c.Active
	}
	return c.Suspended
}

// Add counts a member n times; n is -1 to uncount it.
func (c *Counters) Add(m *Member, n int) {
	switch m.State {
	case Pending:
		c.Pending += n
		if !m.JoinedAt().IsZero() {
			c.Accepted += n
		}
		if m.Invitation.Expired {
			c.Expired += n
		}
	case Active:
		c.Active += n
	case Suspended:
		c.Suspended += n
	}
	if m.IsAdmin() {
		c.Admins += n
	}
	if c.Roles == nil {
		c.Roles = map[RoleName]int{}
	}
	for _, r := range m.Roles {
		if c.Roles[r] += n; c.Roles[r] == 0 {
			delete(c.Roles, r)
		}
	}
}

// AddToken counts an API token n times; n is -1 to uncount it.
func (c *Counters) AddToken(t *Token, n int) {
	if c.TokenRoles == nil && c.Tokens == 0 {
		c.TokenRoles = map[RoleName]int{}
	}
	if c.Tokens += n; c.TokenRoles == nil {
		return
	}
	for _, r := range t.Roles {
		if c.TokenRoles[r] += n; c.TokenRoles[r] == 0 {
			delete(c.TokenRoles, r)
		}
	}
}

// LastAdmin is the refusal of a change that would leave no active Admin.
func LastAdmin() *Error {
	return Errorf(Conflict, "This is the last active Admin. Make someone else an Admin first.").WithCode("last_admin")
}
