package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/storetest"
)

// million measures a large store: starting on it, and reading from it.
func million(b *bench) error {
	p, err := b.large()
	if err != nil {
		return err
	}
	var took spread
	for range b.rounds {
		if err := startOnce(p, &took); err != nil {
			return err
		}
	}
	b.add(figure{
		what:     "exec to the first 200 on /readyz, " + thousands(float64(b.members)) + " members",
		measured: milliseconds(took.median()),
		ranging:  took.ranging(milliseconds),
		target:   "< 1 s",
		met:      took.median() < 1000,
	})
	if _, err := p.start(); err != nil {
		return err
	}
	if err := b.pagesOn(p); err != nil {
		return errors.Join(err, p.stop())
	}
	cookie, err := p.adminsCookie()
	if err != nil {
		return errors.Join(err, p.stop())
	}
	of := ", " + thousands(float64(b.members)) + " members in a search's memory"
	return errors.Join(b.inviteAs(p, cookie, of), p.stop())
}

// large returns the product on the large store, which is made on first use.
func (b *bench) large() (*product, error) {
	p, err := b.product("million")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.data); err == nil {
		return p, nil
	}
	return p, fill(p.data, b.members)
}

// fill makes a store with many members, and says how long that took.
func fill(data string, n int) (err error) {
	began := time.Now()
	s, err := store.Open(store.Options{Engine: badger.Engine, Dir: data})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, s.Close())
		tell("%s members made in %.0f s", thousands(float64(n)), time.Since(began).Seconds())
	}()
	w := newWorkplace(n)
	return storetest.Fill(context.Background(), s, n, w.member)
}

// adminAddress is the address of the one Admin among the many.
const adminAddress = "grace.hopper@example.com"

// A workplace generates the members of the large store: the same people in each
// run.
type workplace struct {
	n           int
	now         time.Time
	firsts      []string
	lasts       []string
	mailDomains []string
}

func newWorkplace(n int) *workplace {
	r := rand.New(rand.NewPCG(1, 2))
	w := &workplace{n: n, now: time.Now().UTC().Truncate(time.Second)}
	w.firsts, w.lasts = syllableWords(r, 400, 2), syllableWords(r, 20_000, 3)
	for _, d := range syllableWords(r, 200, 2) {
		w.mailDomains = append(w.mailDomains, d+".example.com")
	}
	return w
}

// syllableWords makes n words of some syllables.
func syllableWords(r *rand.Rand, n, syllables int) (all []string) {
	for range n {
		word := ""
		for range syllables {
			word += string("bcdfghjklmnprstvz"[r.IntN(17)]) + string("aeiou"[r.IntN(5)]) +
				[]string{"", "n", "r", "s"}[r.IntN(4)]
		}
		all = append(all, word)
	}
	return all
}

// member is the ith member: one in ten is pending, half of those with a verified
// address, one in fifty is suspended, the rest are active.
func (w *workplace) member(i int) access.Member {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	first, last := w.firsts[r.IntN(len(w.firsts))], w.lasts[r.IntN(len(w.lasts))]
	email := fmt.Sprintf("%s.%s%d@%s", first, last, i, w.mailDomains[r.IntN(len(w.mailDomains))])
	roles := []access.RoleName{[]access.RoleName{"Fleet", "AILoop"}[r.IntN(2)]}
	if i == 0 {
		first, last, email, roles = "Grace", "Hopper", adminAddress, []access.RoleName{access.Admin}
	}
	at := w.now.Add(-time.Duration(w.n-i) * time.Second / 2)
	id := access.MemberID(spell(r))
	m := access.Member{
		ID:    id,
		Email: access.Address{Typed: email, Canonical: email},
		Name:  first + " " + last,
		State: access.Active,
		Roles: roles,
		Invitation: access.Invitation{
			By:        access.Operator,
			At:        at,
			TTL:       access.Seconds(access.DefaultInvitationTTL),
			ExpiresAt: at.Add(access.DefaultInvitationTTL),
		},
	}
	switch {
	case i == 0:
	case i%10 == 0:
		m.State = access.Pending
	case i%50 == 1:
		m.State = access.Suspended
	}
	if m.State != access.Pending || i%20 == 0 {
		m.EmailVerifiedAt = at.Add(time.Minute)
	}
	if m.State != access.Pending {
		m.Decision = access.Decision{By: access.Operator, At: at.Add(time.Hour)}
	}
	return m
}

// spell makes an identifier like those of the store.
func spell(r *rand.Rand) string {
	id := make([]byte, access.IDLength)
	for i := range id {
		id[i] = access.IDAlphabet[r.IntN(len(access.IDAlphabet))]
	}
	return string(id)
}
