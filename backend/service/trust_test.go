package service_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store/kv/badger/badgertest"
)

// Somebody collects a thousand links to guess the next. Each is of full length,
// no two start alike, and every character is equally frequent.
func TestLinksCannotBeGuessed(t *testing.T) {
	const links = 1000
	seen, counts := map[string]bool{}, map[byte]int{}
	for range links {
		s := access.NewSecret().Reveal()
		if len(s) != 43 || seen[s[:8]] {
			t.Fatalf("the link %q is short, or begins like another", s)
		}
		seen[s[:8]] = true
		for i := range len(s) - 1 { // the last holds four bits only
			counts[s[i]]++
		}
	}
	const expected = links * 42.0 / 64
	chi := 0.0
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		d := float64(counts[c]) - expected
		chi += d * d / expected
		delete(counts, c)
	}
	if len(counts) > 0 {
		t.Errorf("characters of no alphabet: %v", counts)
	}
	if chi > 150 { // with 63 degrees of freedom: once in a hundred million
		t.Errorf("the characters are not alike: chi squared is %.0f", chi)
	}
}

// Somebody has a copy of the disk, or of a backup: it holds no link, code,
// session or token that is valid today, and no text of an email.
func TestStolenDiskOpensNothing(t *testing.T) {
	fx := newFixture(t, onDisk)
	var secrets []string
	for n := range 30 {
		to := string(rune('a'+n%26)) + string(rune('a'+n/26)) + "@example.com"
		in := fx.invite(to)
		secrets = append(secrets, string(secretOf(in.Link)))
		if n%3 == 0 {
			entry, err := fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("cookie-of-"+to))
			must(t, err)
			secrets = append(secrets, entry.Session.Reveal(), "cookie-of-"+to)
		}
	}
	fx.codeFor("fay@example.org", browser("fay"))
	secrets = append(secrets, fx.enterAs("bob@example.org").Reveal(),
		string(fx.linkTo(access.SignInMessage, "fay@example.org")))
	_, token, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	code, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	secrets = append(secrets, code.Reveal(), fx.asWindow(fx.bob, "another window").Reveal())
	secrets = append(secrets, token.Reveal(), "https://door.example.com/login/", "Accept to verify your email address")
	var backup bytes.Buffer
	must(t, fx.store.Backup(t.Context(), &backup))
	must(t, os.WriteFile(filepath.Join(fx.dir, "doorward.backup"), backup.Bytes(), 0o600))

	for _, when := range []string{"while it runs", "after it has ended"} {
		found, err := badgertest.Traces(fx.dir, secrets)
		must(t, err)
		for s, files := range found {
			if len(files) > 0 {
				t.Errorf("%s: %q lies in %v", when, s, files)
			}
		}
		if when == "while it runs" {
			must(t, fx.store.Close())
		}
	}
	// The search does find what is there: an address is stored in plain text.
	if found, err := badgertest.Traces(fx.dir, []string{"fay@example.org"}); err != nil ||
		len(found["fay@example.org"]) == 0 {
		t.Errorf("the search finds nothing at all: %v, %v", found, err)
	}
	must(t, filepath.WalkDir(fx.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s (mode %04o)", strings.TrimPrefix(path, fx.dir), info.Mode().Perm())
		}
		return err
	}))
	fx.open()
}

// Permissions change between an invitation and its approval. What counts is what
// the approver may grant then, and the roles that exist then. A person who was
// invited to more is not theirs to decide on, not even with fewer roles.
func TestApprovalLooksAtRightsOfNow(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	keeper := access.Role{
		Name: "Gatekeeper",
		Permissions: append(append([]access.Permission(nil), lead.Permissions...),
			access.May(access.Decide, access.ResMembers)),
	}
	must(t, fx.Roles.Put(ctx, fx.ann, keeper))
	kim := session(fx.member("kim@example.org", "Kim", keeper.Name))

	boss := fx.waitingFor("boss@example.com", access.Admin)
	for what, roles := range map[string][]access.RoleName{
		"as invited":       nil,
		"by name":          {access.Admin},
		"beside their own": {access.Fleet, access.AILoop},
		"within their own": {access.Fleet},
	} {
		_, err := fx.Members.Approve(ctx, kim, boss, roles)
		refused(t, err, access.Forbidden, "member_above_own")
		if m, err := fx.Members.Get(ctx, fx.ann, boss); err != nil || m.State != access.Pending {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
	}
	fleet := fx.waitingFor("fleet@example.com", access.Fleet)
	_, err := fx.Members.Approve(ctx, kim, fleet, []access.RoleName{access.Fleet, access.AILoop})
	refused(t, err, access.Forbidden, "role_above_own")
	_, err = fx.Members.Approve(ctx, kim, fleet, nil)
	must(t, err)

	// The inviter was demoted: the invitation leads its person no further than
	// the pending page, and an Admin decides.
	in, err := fx.Invitations.Invite(ctx, fx.bob, NewInvitation{
		Email: mail(t, "ada@example.com"),
		Roles: []access.RoleName{access.Admin},
	})
	must(t, err)
	_, err = fx.Members.ChangeRoles(ctx, fx.ann, fx.bob.Member, []access.RoleName{access.Fleet})
	must(t, err)
	entry, err := fx.SignIn.RedeemLink(ctx, secretOf(in.Link), browser("ada"))
	must(t, err)
	if p, err := fx.Gate.Principal(ctx, entry.Session); err != nil || p.Member.State != access.Pending ||
		len(p.Permissions) != 1 {
		t.Errorf("ada is %+v, %v", p, err)
	}
	_, err = fx.Members.Approve(ctx, fx.bob, entry.Member.ID, nil)
	refused(t, err, access.Forbidden, "not_allowed")
	_, err = fx.Members.Approve(ctx, kim, entry.Member.ID, nil)
	refused(t, err, access.Forbidden, "member_above_own")

	// The role that somebody was invited to now has fewer permissions.
	pilots := access.Role{Name: "Pilots", Permissions: []access.Permission{access.May(access.Open, access.ResAILoop)}}
	must(t, fx.Roles.Put(ctx, fx.ann, pilots))
	pia := fx.waitingFor("pia@example.com", pilots.Name)
	_, err = fx.Members.Approve(ctx, kim, pia, nil)
	refused(t, err, access.Forbidden, "member_above_own")
	pilots.Permissions = []access.Permission{access.May(access.Open, access.ResFleet)}
	must(t, fx.Roles.Put(ctx, fx.ann, pilots))
	_, err = fx.Members.Approve(ctx, kim, pia, nil)
	must(t, err)
	fx.verify()
}

// waitingFor makes a pending member with these roles who has accepted.
func (fx *fixture) waitingFor(to string, roles ...access.RoleName) access.MemberID {
	fx.t.Helper()
	entry, err := fx.SignIn.RedeemLink(fx.t.Context(), secretOf(fx.invite(to, roles...).Link), browser(to))
	must(fx.t, err)
	return entry.Member.ID
}
