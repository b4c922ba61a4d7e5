package service_test

import (
	"fmt"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A role was deleted while a token held it, and somebody made another of the same
// name, with more permissions: the token, long forgotten, had them (403, then 200
// on /members). The token of the operator has no owner to limit it.
func TestRoleThatTokensHoldIsNeverRevived(t *testing.T) {
	readers := func(name access.RoleName) access.Role {
		return access.Role{Name: name, Permissions: []access.Permission{access.May(access.Read, access.ResMembers)}}
	}
	for _, tt := range []struct {
		members, tokens int
		says            string // empty: it can be deleted
	}{
		{0, 0, ""},
		{1, 0, "The role Temp is in use (members: 1, API tokens: 0)."},
		{0, 1, "The role Temp is in use (members: 0, API tokens: 1)."},
		{2, 0, "The role Temp is in use (members: 2, API tokens: 0)."},
		{1, 2, "The role Temp is in use (members: 1, API tokens: 2)."},
	} {
		t.Run(fmt.Sprint(tt.members, " members, ", tt.tokens, " tokens"), func(t *testing.T) {
			fx := newFixture(t)
			must(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
				Name:        "Temp",
				Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
			}))
			for i := range tt.members {
				fx.member(fmt.Sprintf("m%d@example.org", i), "", "Temp")
			}
			for range tt.tokens {
				fx.token("", "Temp", access.Fleet)
			}
			err := fx.Roles.Delete(t.Context(), fx.ann, "Temp")
			if tt.says == "" {
				must(t, err)
				must(t, fx.Roles.Put(t.Context(), fx.ann, readers("Temp")))
				return
			}
			refused(t, err, access.Conflict, "role_in_use")
			if want := tt.says + " First give the members another role and revoke the tokens."; err.Error() != want {
				t.Errorf("says %q, want %q", err, want)
			}
			fx.verify()
		})
	}

	t.Run("a store in which that happened already", func(t *testing.T) {
		fx := newFixture(t)
		secret := access.Secret(access.TokenPrefix) + access.NewSecret()
		must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Tokens.Put(access.Token{
				ID:        "old",
				Name:      "old",
				Hash:      secret.Hash(),
				Roles:     []access.RoleName{"Temp"},
				CreatedAt: tx.Now,
			})
		}))
		refused(t, fx.Roles.Put(t.Context(), fx.ann, readers("Temp")), access.Conflict, "role_held")
		must(t, fx.Roles.Put(t.Context(), fx.ann, readers("temp")))
		if p, err := fx.Gate.TokenPrincipal(
			t.Context(),
			secret,
		); err != nil || p.May(access.May(access.Read, access.ResMembers)) == nil || p.Permissions.CanManage() {
			t.Errorf("the old token may %v, %v", p.Permissions, err)
		}
		must(t, fx.Tokens.Revoke(t.Context(), fx.ann, "old"))
		must(t, fx.Roles.Delete(t.Context(), fx.ann, "temp"))
		must(t, fx.Roles.Put(t.Context(), fx.ann, readers("Temp")))
		fx.verify()
	})
}

// A role is deleted while somebody makes a token with it: one of the two is
// refused, and a token never holds a deleted role.
func TestTokenMadeWhileItsRoleGoes(t *testing.T) {
	for range 10 {
		fx := newFixture(t)
		must(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
			Name:        "Temp",
			Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
		}))
		errs := race(2, func(i int) error {
			if i == 0 {
				return fx.Roles.Delete(t.Context(), fx.ann, "Temp")
			}
			_, _, err := fx.Tokens.Create(t.Context(), fx.bob, "ci", []access.RoleName{"Temp"}, 0)
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("delete: %v; make: %v", errs[0], errs[1])
		}
		fx.verify()
	}
}
