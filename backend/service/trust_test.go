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

// A thousand links have nothing in common by which the next could be guessed:
// each is of full length, no two begin alike, and every character comes as often
// as every other.
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
	if chi > 150 { // of 63 degrees of freedom: once in a hundred million
		t.Errorf("the characters are not alike: chi squared is %.0f", chi)
	}
}

// Somebody has a copy of the disk, or of a backup: no link, code, session or
// token of those that are good today is in it, nor the words of an email.
func TestStolenDiskOpensNothing(t *testing.T) {
	o := openOffice(t, onDisk)
	var secrets []string
	for n := range 30 {
		to := string(rune('a'+n%26)) + string(rune('a'+n/26)) + "@example.com"
		in := o.invite(to)
		secrets = append(secrets, string(secretOf(in.Link)))
		if n%3 == 0 {
			entry, err := o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("cookie-of-"+to))
			must(t, err)
			secrets = append(secrets, entry.Session.Reveal(), "cookie-of-"+to)
		}
	}
	o.codeFor("fay@example.org", browser("fay"))
	secrets = append(secrets, o.enterAs("bob@example.org").Reveal(),
		string(o.linkTo(access.SignInMessage, "fay@example.org")))
	_, token, err := o.Tokens.Create(t.Context(), o.ann, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	code, err := o.SignIn.AuthorizeDesktop(t.Context(), o.ann, access.Secret("window").Hash())
	must(t, err)
	secrets = append(secrets, code.Reveal(), o.asWindow(o.bob, "another window").Reveal())
	secrets = append(secrets, token.Reveal(), "https://door.example.com/login/", "Accept to confirm that this address")
	var backup bytes.Buffer
	must(t, o.store.Backup(t.Context(), &backup))
	must(t, os.WriteFile(filepath.Join(o.dir, "doorward.backup"), backup.Bytes(), 0o600))

	for _, when := range []string{"while it runs", "after it has ended"} {
		found, err := badgertest.Traces(o.dir, secrets)
		must(t, err)
		for s, files := range found {
			if len(files) > 0 {
				t.Errorf("%s: %q lies in %v", when, s, files)
			}
		}
		if when == "while it runs" {
			must(t, o.store.Close())
		}
	}
	// The search finds what is there: an address is in the clear.
	if found, err := badgertest.Traces(o.dir, []string{"fay@example.org"}); err != nil ||
		len(found["fay@example.org"]) == 0 {
		t.Errorf("the search finds nothing at all: %v, %v", found, err)
	}
	must(t, filepath.WalkDir(o.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s (mode %04o)", strings.TrimPrefix(path, o.dir), info.Mode().Perm())
		}
		return err
	}))
	o.open()
}

// Between an invitation and its approval rights change: what counts is what the
// one who decides may give then, and the roles there are then. Who was invited
// to more than that is not theirs to decide, with fewer roles neither.
func TestApprovalLooksAtRightsOfNow(t *testing.T) {
	o := openOffice(t)
	ctx := t.Context()
	keeper := access.Role{
		Name: "Gatekeeper",
		Permissions: append(append([]access.Permission(nil), lead.Permissions...),
			access.May(access.Decide, access.ResMembers)),
	}
	must(t, o.Roles.Put(ctx, o.ann, keeper))
	kim := session(o.member("kim@example.org", "Kim", keeper.Name))

	boss := o.waitingFor("boss@example.com", access.Admin)
	for what, roles := range map[string][]access.RoleName{
		"as invited":       nil,
		"by name":          {access.Admin},
		"beside their own": {access.Fleet, access.AILoop},
		"within their own": {access.Fleet},
	} {
		_, err := o.Members.Approve(ctx, kim, boss, roles)
		refused(t, err, access.Forbidden, "member_above_own")
		if m, err := o.Members.Get(ctx, o.ann, boss); err != nil || m.State != access.Pending {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
	}
	fleet := o.waitingFor("fleet@example.com", access.Fleet)
	_, err := o.Members.Approve(ctx, kim, fleet, []access.RoleName{access.Fleet, access.AILoop})
	refused(t, err, access.Forbidden, "role_above_own")
	_, err = o.Members.Approve(ctx, kim, fleet, nil)
	must(t, err)

	// The one who invited is nobody any more: the invitation brings its person no
	// further than the waiting page, and an Admin decides.
	in, err := o.Invitations.Invite(ctx, o.bob, NewInvitation{
		Email: mail(t, "ada@example.com"),
		Roles: []access.RoleName{access.Admin},
	})
	must(t, err)
	_, err = o.Members.ChangeRoles(ctx, o.ann, o.bob.Member, []access.RoleName{access.Fleet})
	must(t, err)
	entry, err := o.SignIn.RedeemLink(ctx, secretOf(in.Link), browser("ada"))
	must(t, err)
	if p, err := o.Gate.Principal(ctx, entry.Session); err != nil || p.Member.State != access.Pending ||
		len(p.Permissions) != 1 {
		t.Errorf("ada is %+v, %v", p, err)
	}
	_, err = o.Members.Approve(ctx, o.bob, entry.Member.ID, nil)
	refused(t, err, access.Forbidden, "not_allowed")
	_, err = o.Members.Approve(ctx, kim, entry.Member.ID, nil)
	refused(t, err, access.Forbidden, "member_above_own")

	// The role that somebody was invited to means less now than then.
	pilots := access.Role{Name: "Pilots", Permissions: []access.Permission{access.May(access.Open, access.ResAILoop)}}
	must(t, o.Roles.Put(ctx, o.ann, pilots))
	pia := o.waitingFor("pia@example.com", pilots.Name)
	_, err = o.Members.Approve(ctx, kim, pia, nil)
	refused(t, err, access.Forbidden, "member_above_own")
	pilots.Permissions = []access.Permission{access.May(access.Open, access.ResFleet)}
	must(t, o.Roles.Put(ctx, o.ann, pilots))
	_, err = o.Members.Approve(ctx, kim, pia, nil)
	must(t, err)
	o.verify()
}

// waitingFor makes a pending member of these roles who has come.
func (o *office) waitingFor(to string, roles ...access.RoleName) access.MemberID {
	o.t.Helper()
	entry, err := o.SignIn.RedeemLink(o.t.Context(), secretOf(o.invite(to, roles...).Link), browser(to))
	must(o.t, err)
	return entry.Member.ID
}
