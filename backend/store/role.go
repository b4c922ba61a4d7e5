package store

import "doorward/backend/access"

// MaxRoles is the maximum number of own roles: few enough that an Update can read them
// twice.
const MaxRoles = 40

// Revision is incremented with each change of a role.
func (tx Roles) Revision() (int, error) {
	var n int
	_, err := tx.get(rolesRevPrefix.key(), &n)
	return n, err
}

// Own returns the workspace's own roles, by name.
func (tx Roles) Own() ([]access.Role, error) {
	kept, err := tx.scan(ownRolePrefix.key(), MaxRoles)
	if err != nil {
		return nil, err
	}
	roles := make([]access.Role, len(kept))
	for i, e := range kept {
		if err := decode(e.Key, e.Value, &roles[i]); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

// Put stores an own role.
func (tx Roles) Put(r access.Role) error {
	if err := tx.rolesChanged(); err != nil {
		return err
	}
	return tx.set(ownRoleKey(r.Name), r)
}

// Delete deletes an own role.
func (tx Roles) Delete(name access.RoleName) error {
	if err := tx.rolesChanged(); err != nil {
		return err
	}
	return tx.unmark(ownRoleKey(name))
}

func (tx *Tx) rolesChanged() error {
	n, err := tx.Roles.Revision()
	if err != nil {
		return err
	}
	return tx.set(rolesRevPrefix.key(), n+1)
}
