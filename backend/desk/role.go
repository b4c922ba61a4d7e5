package desk

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A RoleInUse is a role and how many members hold it.
type RoleInUse struct {
	access.Role
	Members int
}

// Roles are the built-in roles and those made here.
func (d *Desk) Roles(ctx context.Context, by access.By) (all []RoleInUse, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		own, err := tx.OwnRoles()
		if err != nil {
			return err
		}
		c, err := tx.Counters()
		all = nil
		for _, r := range append(access.BuiltIn(), own...) {
			all = append(all, RoleInUse{r, c.Roles[r.Name]})
		}
		return err
	})
	return all, err
}

// PutRole makes a role, or changes one made here. Nobody can give a role what
// they may not do themselves, nor change one that may do more.
func (d *Desk) PutRole(ctx context.Context, by access.By, r access.Role) error {
	r.BuiltIn = false
	return d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if err := access.CheckRole(r); err != nil {
			return err
		}
		own, err := tx.OwnRoles()
		if err != nil {
			return err
		}
		touched := append([]access.Permission(nil), r.Permissions...)
		known := false
		for _, o := range own {
			if o.Name == r.Name {
				known, touched = true, append(touched, o.Permissions...)
			} else if strings.EqualFold(string(o.Name), string(r.Name)) {
				return access.Errorf(access.Conflict, "There is a role %q already.", o.Name).On("name").WithCode("role_exists")
			}
		}
		for _, g := range touched {
			if !a.Rights[g] {
				return access.Above(r.Name, g)
			}
		}
		if !known && len(own) >= store.MostRoles {
			return access.Errorf(access.Conflict, "There are %d own roles already. Delete one first.", store.MostRoles).WithCode("too_many_roles")
		}
		if err := tx.PutRole(r); err != nil {
			return err
		}
		return tx.Record(by, access.DidPutRole, string(r.Name), permissionNames(r.Permissions))
	})
}

func permissionNames(all []access.Permission) string {
	s := make([]string, len(all))
	for i, p := range all {
		s[i] = p.String()
	}
	return strings.Join(s, ", ")
}

// DeleteRole deletes a role made here that nobody holds.
func (d *Desk) DeleteRole(ctx context.Context, by access.By, name access.RoleName) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if name.IsBuiltIn() {
			return access.Errorf(access.Conflict, "%s is built in and cannot be deleted.", name).WithCode("built_in_role")
		}
		r, ok := a.policy.Role(name)
		if !ok {
			return access.NoSuch("role")
		}
		for _, g := range r.Permissions {
			if !a.Rights[g] {
				return access.Above(name, g)
			}
		}
		c, err := tx.Counters()
		if err != nil {
			return err
		}
		if n := c.Roles[name]; n > 0 {
			return access.Errorf(access.Conflict, "%d members hold the role %s. Give them another one first.", n, name).WithCode("role_in_use")
		}
		if err := tx.DeleteRole(name); err != nil {
			return err
		}
		return tx.Record(by, access.DidDeleteRole, string(name), "")
	})
}
