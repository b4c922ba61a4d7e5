package service_test

import (
	"fmt"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A role was deleted while a token held it, and somebody made another of the same
// name, with more rights: the token, long forgotten, had them (403, then 200 on
// /members). The token of the operator has no owner to bound it.
func TestRoleThatTokensHoldIsNeverRevived(t *testing.T) {
	readers := func(name access.RoleName) access.Role {
		return access.Role{Name: name, Permissions: []access.Permission{access.May(access.Read, access.ResMembers)}}
	}
	for _, tt := range []struct {
		members, tokens int
		says            string // empty: it can be deleted
	}{
		{0, 0, ""},
		{1, 0, "1 member holds the role Temp."},
		{0, 1, "1 API token holds the role Temp."},
		{2, 0, "2 members hold the role Temp."},
		{1, 2, "1 member and 2 API tokens hold the role Temp."},
	} {
		t.Run(fmt.Sprint(tt.members, " members, ", tt.tokens, " tokens"), func(t *testing.T) {
			o := openOffice(t)
			must(t, o.Roles.Put(t.Context(), o.ann, access.Role{
				Name:        "Temp",
				Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
			}))
			for i := range tt.members {
				o.member(fmt.Sprintf("m%d@example.org", i), "", "Temp")
			}
			for range tt.tokens {
				o.token("", "Temp", access.Fleet)
			}
			err := o.Roles.Delete(t.Context(), o.ann, "Temp")
			if tt.says == "" {
				must(t, err)
				must(t, o.Roles.Put(t.Context(), o.ann, readers("Temp")))
				return
			}
			refused(t, err, access.Conflict, "role_in_use")
			if want := tt.says + " Give the members another one, and revoke the tokens, first."; err.Error() != want {
				t.Errorf("says %q, want %q", err, want)
			}
			o.verify()
		})
	}

	t.Run("a store in which that happened already", func(t *testing.T) {
		o := openOffice(t)
		secret := access.Secret(access.TokenPrefix) + access.NewSecret()
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Tokens.Put(access.Token{
				ID:        "old",
				Name:      "old",
				Hash:      secret.Hash(),
				Roles:     []access.RoleName{"Temp"},
				CreatedAt: tx.Now,
			})
		}))
		refused(t, o.Roles.Put(t.Context(), o.ann, readers("Temp")), access.Conflict, "role_held")
		must(t, o.Roles.Put(t.Context(), o.ann, readers("temp")))
		if p, err := o.Gate.TokenPrincipal(
			t.Context(),
			secret,
		); err != nil || p.May(access.May(access.Read, access.ResMembers)) == nil || p.Permissions.CanManage() {
			t.Errorf("the old token may %v, %v", p.Permissions, err)
		}
		must(t, o.Tokens.Revoke(t.Context(), o.ann, "old"))
		must(t, o.Roles.Delete(t.Context(), o.ann, "temp"))
		must(t, o.Roles.Put(t.Context(), o.ann, readers("Temp")))
		o.verify()
	})
}

// A role is deleted while somebody makes a token with it: one of the two is
// refused, and never does a token hold a role that is gone.
func TestTokenMadeWhileItsRoleGoes(t *testing.T) {
	for range 10 {
		o := openOffice(t)
		must(t, o.Roles.Put(t.Context(), o.ann, access.Role{
			Name:        "Temp",
			Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
		}))
		errs := race(2, func(i int) error {
			if i == 0 {
				return o.Roles.Delete(t.Context(), o.ann, "Temp")
			}
			_, _, err := o.Tokens.Create(t.Context(), o.bob, "ci", []access.RoleName{"Temp"}, 0)
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("delete: %v; make: %v", errs[0], errs[1])
		}
		o.verify()
	}
}
