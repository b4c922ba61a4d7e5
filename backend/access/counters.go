package access

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
