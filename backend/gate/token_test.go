package gate

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// A token is answered from memory, and it, its owner or a role changes. The next
// request has what is so now.
func TestTheNextRequestOfAToken(t *testing.T) {
	change := func(fn func(m *access.Member)) func(*store.Tx, access.Member, access.Token) error {
		return func(tx *store.Tx, m access.Member, _ access.Token) error {
			fn(&m)
			return tx.Members.Put(m)
		}
	}
	for name, tt := range map[string]struct {
		do    func(tx *store.Tx, m access.Member, k access.Token) error
		opens bool
		reads bool // members
	}{
		"nothing": {change(func(*access.Member) {}), true, true},
		"revoked": {func(tx *store.Tx, _ access.Member, k access.Token) error {
			return tx.Tokens.Delete(k)
		}, false, false},
		"demoted":    {change(func(m *access.Member) { m.Roles = fleetRole }), true, false},
		"suspended":  {change(func(m *access.Member) { m.State = access.Suspended }), false, false},
		"pending":    {change(func(m *access.Member) { m.State = access.Pending }), false, false},
		"all voided": {change(func(m *access.Member) { m.TokenEpoch++ }), false, false},
		"signed out": {change(func(m *access.Member) { m.Epoch++ }), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLobby(t, enginetest.Open)
			bob := l.member("bob", access.Admin)
			k, secret := l.token(bob, access.Admin)
			p, err := l.TokenPrincipal(t.Context(), secret)
			if err != nil || p.May(members) != nil || p.Actor != (access.Actor{Member: bob.ID, Token: k.ID}) {
				t.Fatalf("before: %+v, %v", p, err)
			}
			l.update(func(tx *store.Tx) error { return tt.do(tx, bob, k) })
			if l.opens(secret) != tt.opens {
				t.Errorf("it opens: %v", !tt.opens)
			}
			if p, err := l.TokenPrincipal(t.Context(), secret); err == nil && (p.May(members) == nil) != tt.reads {
				t.Errorf("it reads members: %v", !tt.reads)
			}
		})
	}
}

// The end comes to the microsecond, also where the gate remembers the token.
func TestATokenEnds(t *testing.T) {
	for _, remembered := range []bool{true, false} {
		l := openLobby(t, enginetest.Open)
		k, secret := l.token(access.Member{}, access.Fleet)
		k.ExpiresAt = noon.Add(time.Hour)
		l.update(func(tx *store.Tx) error { return tx.Tokens.Put(k) })
		l.forward(time.Hour - time.Microsecond)
		if remembered && !l.opens(secret) {
			t.Error("it ended before its time")
		}
		l.forward(time.Microsecond)
		if l.opens(secret) {
			t.Errorf("it opens at its end; remembered: %v", remembered)
		}
	}
}

// An older version made tokens without an end. They go on as they are.
func TestTokenWithoutAnEnd(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	_, secret := l.token(access.Member{}, access.Fleet)
	l.forward(10 * access.MaxTokenTTL)
	if !l.opens(secret) {
		t.Error("it ended")
	}
}

// A token is used a thousand times in a minute. That is one note, which says when at
// once, and one write, in its own time; a later one never reads as an earlier.
func TestAUseIsNotedOnceAMinute(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	k, secret := l.token(access.Member{}, access.Fleet)
	l.forward(90 * time.Second)
	before := l.state()
	for range 1000 {
		l.opens(secret)
	}
	if l.state() != before {
		t.Error("a request wrote something")
	}
	want := noon.Add(time.Minute)
	if at := l.LastUse(k); !at.Equal(want) {
		t.Errorf("used at %v, want %v", at, want)
	}
	l.KeepUses(t.Context())
	for _, later := range []time.Duration{0, 30*time.Second - time.Microsecond} {
		l.forward(later)
		if l.opens(secret); len(l.uses.take()) != 0 {
			t.Errorf("a second use in the same minute is noted again, %s later", later)
		}
	}
	l.forward(time.Microsecond)
	if l.opens(secret); len(l.uses.take()) != 1 {
		t.Error("a use in the next minute is not noted")
	}
	if kept := l.kept(k.ID); !kept.UsedAt.Equal(want) || !l.LastUse(kept).Equal(want) {
		t.Errorf("written as %v, want %v", kept.UsedAt, want)
	}
	l.uses.note(k.ID, noon)
	if kept := l.kept(k.ID); !l.LastUse(kept).Equal(want) {
		t.Errorf("an older note makes it %v", l.LastUse(kept))
	}
}

// kept is a token as the store has it.
func (l *lobby) kept(id access.TokenID) (k access.Token) {
	l.t.Helper()
	must(l.t, l.store.View(l.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Tokens.List(store.MaxTokens)
		for _, one := range all {
			if one.ID == id {
				k = one
			}
		}
		return err
	}))
	return k
}

// More uses than one transaction holds are written all the same.
func TestManyTokensInUse(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	for range 2*useBatch + 1 {
		_, secret := l.token(access.Member{}, access.Fleet)
		l.opens(secret)
	}
	l.KeepUses(t.Context())
	must(t, l.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Tokens.List(store.MaxTokens)
		for _, k := range all {
			if k.UsedAt.IsZero() {
				t.Fatal("the use of one is not written")
			}
		}
		return err
	}))
	if noted := l.uses.take(); len(noted) != 0 {
		t.Errorf("%d are noted still", len(noted))
	}
}

// The disk is full when uses are to be written. Nobody is kept out, and they are
// written with the next.
func TestUsesThatCannotBeWrittenWait(t *testing.T) {
	open, engine := enginetest.Controlled()
	l := openLobby(t, open)
	k, secret := l.token(access.Member{}, access.Fleet)
	l.opens(secret)
	engine().Lead(false)
	l.KeepUses(t.Context())
	if at := l.LastUse(k); !at.Equal(noon) {
		t.Errorf("used at %v, want %v", at, noon)
	}
	engine().Lead(true)
	l.KeepUses(t.Context())
	if at := l.kept(k.ID).UsedAt; !at.Equal(noon) {
		t.Errorf("written as %v, want %v", at, noon)
	}
}
