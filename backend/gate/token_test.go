package gate

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// A token is in the cache when it, its owner or a role changes. The next request
// sees the change.
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
		reads bool // may read members
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
			fx := openLobby(t, enginetest.Open)
			bob := fx.member("bob", access.Admin)
			k, secret := fx.token(bob, access.Admin)
			p, err := fx.TokenPrincipal(t.Context(), secret)
			if err != nil || p.May(members) != nil || p.Actor != (access.Actor{Member: bob.ID, Token: k.ID}) {
				t.Fatalf("before: %+v, %v", p, err)
			}
			fx.update(func(tx *store.Tx) error { return tt.do(tx, bob, k) })
			if fx.opens(secret) != tt.opens {
				t.Errorf("it opens: %v", !tt.opens)
			}
			if p, err := fx.TokenPrincipal(t.Context(), secret); err == nil && (p.May(members) == nil) != tt.reads {
				t.Errorf("it reads members: %v", !tt.reads)
			}
		})
	}
}

// A token expires on the microsecond, also when it is cached.
func TestATokenEnds(t *testing.T) {
	for _, remembered := range []bool{true, false} {
		fx := openLobby(t, enginetest.Open)
		k, secret := fx.token(access.Member{}, access.Fleet)
		k.ExpiresAt = noon.Add(time.Hour)
		fx.update(func(tx *store.Tx) error { return tx.Tokens.Put(k) })
		fx.forward(time.Hour - time.Microsecond)
		if remembered && !fx.opens(secret) {
			t.Error("it ended before its time")
		}
		fx.forward(time.Microsecond)
		if fx.opens(secret) {
			t.Errorf("it opens at its end; remembered: %v", remembered)
		}
	}
}

// An older version made tokens that never expire. They still work.
func TestTokenWithoutAnEnd(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	_, secret := fx.token(access.Member{}, access.Fleet)
	fx.forward(10 * access.MaxTokenTTL)
	if !fx.opens(secret) {
		t.Error("it ended")
	}
}

// A token is used a thousand times in a minute. That is one note, visible at
// once, and one write, later; a later use never reads as an earlier one.
func TestAUseIsNotedOnceAMinute(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	k, secret := fx.token(access.Member{}, access.Fleet)
	fx.forward(90 * time.Second)
	before := fx.state()
	for range 1000 {
		fx.opens(secret)
	}
	if fx.state() != before {
		t.Error("a request wrote something")
	}
	want := noon.Add(time.Minute)
	if at := fx.LastUse(k); !at.Equal(want) {
		t.Errorf("used at %v, want %v", at, want)
	}
	fx.KeepUses(t.Context())
	for _, later := range []time.Duration{0, 30*time.Second - time.Microsecond} {
		fx.forward(later)
		if fx.opens(secret); len(fx.uses.take()) != 0 {
			t.Errorf("a second use in the same minute is noted again, %s later", later)
		}
	}
	fx.forward(time.Microsecond)
	if fx.opens(secret); len(fx.uses.take()) != 1 {
		t.Error("a use in the next minute is not noted")
	}
	if kept := fx.kept(k.ID); !kept.UsedAt.Equal(want) || !fx.LastUse(kept).Equal(want) {
		t.Errorf("written as %v, want %v", kept.UsedAt, want)
	}
	fx.uses.note(k.ID, noon)
	if kept := fx.kept(k.ID); !fx.LastUse(kept).Equal(want) {
		t.Errorf("an older note makes it %v", fx.LastUse(kept))
	}
}

// kept is the stored record of a token.
func (fx *fixture) kept(id access.TokenID) (k access.Token) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) error {
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

// More uses than fit one transaction are all written.
func TestManyTokensInUse(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	for range 2*useBatch + 1 {
		_, secret := fx.token(access.Member{}, access.Fleet)
		fx.opens(secret)
	}
	fx.KeepUses(t.Context())
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Tokens.List(store.MaxTokens)
		for _, k := range all {
			if k.UsedAt.IsZero() {
				t.Fatal("the use of one is not written")
			}
		}
		return err
	}))
	if noted := fx.uses.take(); len(noted) != 0 {
		t.Errorf("%d are noted still", len(noted))
	}
}

// The disk is full when uses are to be written. Nobody is kept out, and the uses
// are written with the next batch.
func TestUsesThatCannotBeWrittenWait(t *testing.T) {
	open, engine := enginetest.Controlled()
	fx := openLobby(t, open)
	k, secret := fx.token(access.Member{}, access.Fleet)
	fx.opens(secret)
	engine().Lead(false)
	fx.KeepUses(t.Context())
	if at := fx.LastUse(k); !at.Equal(noon) {
		t.Errorf("used at %v, want %v", at, noon)
	}
	engine().Lead(true)
	fx.KeepUses(t.Context())
	if at := fx.kept(k.ID).UsedAt; !at.Equal(noon) {
		t.Errorf("written as %v, want %v", at, noon)
	}
}
