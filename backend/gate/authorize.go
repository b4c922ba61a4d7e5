package gate

import (
	"slices"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Policy returns the policy of the roles as this transaction sees them.
func (g *Gate) Policy(tx *store.Tx) (*policy.Policy, error) {
	rev, err := tx.Roles.Revision()
	if err != nil {
		return nil, err
	}
	if p := g.policy.Load(); p != nil && p.Revision() == rev {
		return p, nil
	}
	own, err := tx.Roles.Own()
	if err != nil {
		return nil, err
	}
	p, err := policy.Load(own, rev)
	if err != nil {
		return nil, err
	}
	g.policy.Store(p)
	return p, nil
}

// An Authorized is a caller who passed the permission check, as the verb's
// transaction sees them. It also checks the targets: a caller may not act on, or
// grant, more than their own permissions.
type Authorized struct {
	Actor       access.Actor
	Permissions policy.Permissions
	Policy      *policy.Policy
}

// Authorize identifies the caller and refuses what they may not do, on the state
// that this transaction sees. The error is SignedOut where the session or token
// is no longer valid, and Forbidden where a permission is missing.
func (g *Gate) Authorize(tx *store.Tx, actor access.Actor, needed access.Permission) (Authorized, error) {
	a := Authorized{Actor: actor}
	var err error
	if a.Policy, err = g.Policy(tx); err != nil {
		return a, err
	}
	if a.Permissions, err = permissions(tx, a.Policy, actor); err != nil {
		return a, err
	}
	if !a.Permissions[needed] {
		return a, access.NotAllowed(needed)
	}
	return a, nil
}

// Permissions returns everything the caller may do, for verbs that check more
// than one permission.
func (g *Gate) Permissions(tx *store.Tx, actor access.Actor) (policy.Permissions, error) {
	p, err := g.Policy(tx)
	if err != nil {
		return nil, err
	}
	return permissions(tx, p, actor)
}

func permissions(tx *store.Tx, p *policy.Policy, actor access.Actor) (policy.Permissions, error) {
	switch {
	case actor.IsOperator():
		return allPermissions, nil
	case actor.Token != "":
		return tokenPermissions(tx, p, actor)
	case actor.Member == "":
		return nil, access.SignedOutError()
	}
	m, err := tx.Members.Get(actor.Member)
	if access.NotFound.Is(err) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	return p.Permissions(m.State, m.Roles)
}

// tokenPermissions are the permissions of the token's roles, limited to those
// that its owner has now.
func tokenPermissions(tx *store.Tx, p *policy.Policy, actor access.Actor) (policy.Permissions, error) {
	t, err := tx.Tokens.Get(actor.Token)
	if access.NotFound.Is(err) || err == nil && (t.Owner != actor.Member || !t.IsValid(tx.Now)) {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	own, err := p.Permissions(access.Active, t.Roles)
	if err != nil || t.Owner == "" {
		return own, err
	}
	m, err := tx.Members.Get(t.Owner)
	if access.NotFound.Is(err) || err == nil && t.Epoch != m.TokenEpoch {
		return nil, access.SignedOutError()
	}
	if err != nil {
		return nil, err
	}
	theirs, err := p.Permissions(m.State, m.Roles)
	if err != nil {
		return nil, err
	}
	both := policy.Permissions{}
	for one := range own {
		if theirs[one] {
			both[one] = true
		}
	}
	return both, nil
}

var allPermissions = func() policy.Permissions {
	r := policy.Permissions{}
	for _, g := range access.Grantable() {
		r[g] = true
	}
	return r
}()

// Grantable returns the roles that the caller wants to grant, without duplicates
// and with their stored spelling. It refuses a role that is unknown or above the
// caller's own permissions, and more roles than one member may hold.
func (a Authorized) Grantable(want []access.RoleName) ([]access.RoleName, error) {
	var roles []access.RoleName
	for _, r := range want {
		if r = a.Policy.MatchingName(r); !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	if len(roles) > access.MaxRolesHeld {
		return nil, access.TooManyRoles()
	}
	return roles, a.Policy.MayGrant(a.Permissions, roles)
}

// Covers refuses to act on a member who has, or is invited to, more permissions
// than the caller.
func (a Authorized) Covers(m *access.Member) error {
	for _, name := range m.Roles {
		r, ok := a.Policy.Role(name)
		if !ok {
			continue // a deleted role grants nothing
		}
		for _, g := range r.Permissions {
			if !a.Permissions[g] {
				return above(m, g)
			}
		}
	}
	return nil
}

func above(m *access.Member, g access.Permission) error {
	if m.State == access.Pending {
		return access.Errorf(access.Forbidden,
			"%s is invited to more access than you have (%s), so you cannot change the account. An Admin can.",
			m.DisplayName(), g).WithCode("member_above_own")
	}
	return access.Errorf(access.Forbidden,
		"%s has more access than you have (%s), so you cannot change the account. An Admin can.",
		m.DisplayName(), g).WithCode("member_above_own")
}
