package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/storetest"
)

const (
	many         = 100_000
	boss         = "grace@example.org"
	pendingOneIn = 10 // one member in this many is pending
)

// The console with a hundred thousand members, ten thousand of them pending.
func TestFullConsole(t *testing.T) {
	t.Parallel()
	alone(t)
	p := newProduct(t)
	if err := fillStore(p.Dir); err != nil {
		t.Fatal(err)
	}
	p.Setup = "made" // there is an Admin, so no setup link is printed
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	browse(t, "full.spec.ts", controls(t, p), "BASE_URL="+p.URL, "ADMIN="+boss,
		fmt.Sprint("PENDING=", many/pendingOneIn-1))
}

func fillStore(dir string) error {
	s, err := store.Open(store.Options{Engine: badger.Engine, Dir: dir})
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	err = storetest.Fill(context.Background(), s, many, func(i int) access.Member { return someone(i, now) })
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

// someone is the ith member: the first is the Admin, one in ten is pending, and half
// of those have verified their address.
func someone(i int, now time.Time) access.Member {
	at := now.Add(-time.Duration(many-i) * time.Second)
	email := fmt.Sprintf("person%06d@team%d.example.com", i, i%97)
	m := access.Member{
		ID:              access.MemberID(idOf(i)),
		Name:            fmt.Sprintf("Person %d", i),
		State:           access.Active,
		Roles:           []access.RoleName{access.Fleet},
		EmailVerifiedAt: at.Add(time.Minute),
		Decision:        access.Decision{By: access.Operator, At: at.Add(time.Hour)},
		Invitation: access.Invitation{
			By:        access.Operator,
			At:        at,
			TTL:       access.Seconds(access.DefaultInvitationTTL),
			ExpiresAt: at.Add(access.DefaultInvitationTTL),
		},
	}
	switch {
	case i == 0:
		email, m.Name, m.Roles = boss, "Grace Hopper", []access.RoleName{access.Admin}
	case i%pendingOneIn == 0:
		m.State, m.Decision = access.Pending, access.Decision{}
		if i%(2*pendingOneIn) != 0 {
			m.EmailVerifiedAt = time.Time{}
		}
	}
	m.Email = access.Address{Typed: email, Canonical: email}
	return m
}

// idOf makes an identifier of a number.
func idOf(i int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	id := []byte(strings.Repeat("a", 26))
	for at := 0; i > 0; at, i = at+1, i/len(letters) {
		id[at] = letters[i%len(letters)]
	}
	return string(id)
}
