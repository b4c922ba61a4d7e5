package service

import (
	"context"
	"slices"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A RoleInUse is a role, and how many members and API tokens hold it.
type RoleInUse struct {
	access.Role
	Members int
	Tokens  int
}

// List returns the built-in roles and the custom ones, each with how many members and API
// tokens hold it.
func (s Roles) List(ctx context.Context, actor access.Actor) (all []RoleInUse, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		own, err := tx.Roles.Own()
		if err != nil {
			return err
		}
		c, err := tx.Counters()
		all = nil
		for _, r := range append(access.BuiltIn(), own...) {
			all = append(all, RoleInUse{Role: r, Members: c.Roles[r.Name], Tokens: c.TokenRoles[r.Name]})
		}
		return err
	})
	return all, err
}

// Put makes a custom role, or changes one. No caller can give a role permissions
// that they lack, nor change a role that has such permissions. A new role cannot
// have the name of a deleted one that API tokens still hold: they would get its
// permissions. It needs a confirmed session. Invalid is a role without a proper name, without
// permissions, or with one that does not exist; Conflict one role too many, and the name of a
// built-in role or one that differs from another's only in case.
func (s Roles) Put(ctx context.Context, actor access.Actor, r access.Role) error {
	r.BuiltIn = false
	ctx = s.urgentIf(ctx, func(tx *store.Tx) (bool, error) {
		own, err := tx.Roles.Own()
		return slices.ContainsFunc(own, func(o access.Role) bool {
			return o.Name == r.Name && within(r.Permissions, o.Permissions)
		}), err
	})
	return s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if _, err := confirmed(tx, actor); err != nil {
			return err
		}
		if err := access.CheckRole(r); err != nil {
			return err
		}
		own, err := tx.Roles.Own()
		if err != nil {
			return err
		}
		touched := append([]access.Permission(nil), r.Permissions...)
		known := false
		for _, o := range own {
			if o.Name == r.Name {
				known, touched = true, append(touched, o.Permissions...)
			} else if strings.EqualFold(string(o.Name), string(r.Name)) {
				return access.Errorf(access.Conflict, "A role named %q already exists.", o.Name).
					On("name").WithCode("role_exists")
			}
		}
		for _, g := range touched {
			if !a.Permissions[g] {
				return access.AbovePermissions(r.Name, g)
			}
		}
		if !known && len(own) >= store.MaxRoles {
			return access.Errorf(access.Conflict, "There are already %d custom roles. Delete one first.",
				store.MaxRoles).
				WithCode("too_many_roles")
		}
		if !known {
			if err := unheld(tx, r.Name); err != nil {
				return err
			}
		}
		if err := tx.Roles.Put(r); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionPutRole, string(r.Name), permissionNames(r.Permissions))
	})
}

func permissionNames(all []access.Permission) string {
	s := make([]string, len(all))
	for i, p := range all {
		s[i] = p.String()
	}
	return strings.Join(s, ", ")
}

// unheld refuses a new role whose name members or API tokens still hold, from a
// role that was deleted.
func unheld(tx *store.Tx, name access.RoleName) error {
	members, tokens, err := holders(tx, name)
	if err != nil || members+tokens == 0 {
		return err
	}
	return access.Errorf(access.Conflict,
		"A deleted role named %s is still assigned (members: %d, API tokens: %d), and its holders would get the "+
			"access of the new role. Choose another name, or remove the old role from them first.",
		name, members, tokens).On("name").WithCode("role_held")
}

// holders returns how many members and how many API tokens hold a role.
func holders(tx *store.Tx, name access.RoleName) (members, tokens int, err error) {
	c, err := tx.Counters()
	return c.Roles[name], c.TokenRoles[name], err
}

// Delete deletes a custom role that no member and no API token holds; one that is held, or
// built in, is Conflict. It needs a confirmed session, and all permissions of the role.
func (s Roles) Delete(ctx context.Context, actor access.Actor, name access.RoleName) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if _, err := confirmed(tx, actor); err != nil {
			return err
		}
		if name.IsBuiltIn() {
			return access.Errorf(access.Conflict, "%s is built in and cannot be deleted.", name).
				WithCode("built_in_role")
		}
		r, ok := a.Policy.Role(name)
		if !ok {
			return access.NoSuchRole()
		}
		for _, g := range r.Permissions {
			if !a.Permissions[g] {
				return access.AbovePermissions(name, g)
			}
		}
		members, tokens, err := holders(tx, name)
		if err != nil {
			return err
		}
		if members+tokens > 0 {
			return access.Errorf(access.Conflict,
				"The role %s is in use (members: %d, API tokens: %d). First give the members another role and "+
					"revoke the tokens.", name, members, tokens).WithCode("role_in_use")
		}
		if err := tx.Roles.Delete(name); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionDeleteRole, string(name), "")
	})
}
