package access

import "time"

// Settings are what an Admin can change while Doorward runs.
type Settings struct {
	Workspace     string   `json:"workspace"`
	InvitationTTL Duration `json:"invitation"` // how long invitations last, unless said otherwise
}

// DefaultWorkspace is the workspace's name until an Admin gives it one.
const DefaultWorkspace = "AI Loop"

// DefaultSettings are the settings of a fresh Doorward.
func DefaultSettings() Settings {
	return Settings{Workspace: DefaultWorkspace, InvitationTTL: Seconds(DefaultInvitationTTL)}
}

// Check says what is wrong with the settings.
func (s Settings) Check() error {
	if s.Workspace == "" {
		return Errorf(Invalid, "The workspace needs a name.").On("workspace").WithCode("workspace_missing")
	}
	if d := s.InvitationTTL.Std(); d < MinInvitationTTL || d > MaxInvitationTTL {
		return Errorf(Invalid, "An invitation can last from 1 hour to 30 days.").
			On("invitation").WithCode("expiry_out_of_range")
	}
	return CheckText("workspace", s.Workspace, MaxWorkspace)
}

// MailHealth is what is known of the way to the mail server.
type MailHealth struct {
	Paused   bool      `json:"paused,omitempty"` // the queue stands still: nothing is wrong with the emails
	Detail   string    `json:"words,omitempty"`  // the mail server's own, or ours when it was not reached
	Since    time.Time `json:"since,omitzero"`
	NextTry  time.Time `json:"next_try,omitzero"`
	LastSent time.Time `json:"last_sent,omitzero"`
}

// Counters are kept with every change, so that no list has to be read to count
// it.
type Counters struct {
	Pending   int                  `json:"pending"`
	Accepted  int                  `json:"proved"` // of the pending: have come, by whatever link
	Active    int                  `json:"active"`
	Suspended int                  `json:"suspended"`
	Expired   int                  `json:"expired"` // of the pending: the invitation ran out
	Admins    int                  `json:"admins"`  // active, and Admin: never zero once there was one
	Roles     map[RoleName]int     `json:"roles,omitempty"`
	Messages  map[MessageState]int `json:"letters,omitempty"`
	Tokens    int                  `json:"tokens,omitempty"`

	// TokenRoles is how many API tokens hold each role. Nil with tokens: an older
	// Doorward kept this store, and a migration is to count them.
	TokenRoles map[RoleName]int `json:"token_roles"`
}

// Members is how many accounts there are.
func (c *Counters) Members() int { return c.Pending + c.Active + c.Suspended }

// Add counts a member in, or out with n = -1.
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

// AddToken counts an API token in, or out with n = -1.
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

// LastAdmin refuses what would leave nobody to let others in.
func LastAdmin() *Error {
	return Errorf(Conflict, "This is the last active Admin. Make somebody else an Admin first.").WithCode("last_admin")
}
